extension JSONValue {
    /// The value at a path such as `result.items[0].name`; `nil` where a step leads nowhere.
    ///
    /// The empty path is the value itself. `a["odd.key"]` reaches members whose names hold dots or brackets.
    public func value(at path: String) -> JSONValue? {
        guard let path = JSONPath(path) else { return nil }
        return self.value(at: path)
    }

    /// The value at an already parsed path.
    public func value(at path: JSONPath) -> JSONValue? {
        var current = self
        for step in path.steps {
            switch step {
            case .member(let name):
                guard let next = current[name] else { return nil }
                current = next
            case .element(let index):
                guard let next = current[index] else { return nil }
                current = next
            }
        }
        return current
    }
}

/// A way into a JSON value: member names divided by dots, element numbers in brackets.
public struct JSONPath: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable {
        case member(String)
        case element(Int)
    }

    package let steps: [Step]
    /// The path as it was written.
    public let description: String

    /// Reads a path; `nil` where it is malformed.
    public init?(_ text: String) {
        guard let steps = Self.parse(text) else { return nil }
        self.steps = steps
        self.description = text
    }

    private static func parse(_ text: String) -> [Step]? {
        var steps: [Step] = []
        var rest = Substring(text)
        var memberMayFollow = true
        while let first = rest.first {
            if first == "[" {
                guard let close = rest.firstIndex(of: "]") else { return nil }
                let inner = rest[rest.index(after: rest.startIndex)..<close]
                if let index = Int(inner), index >= 0 {
                    steps.append(.element(index))
                    rest = rest[rest.index(after: close)...]
                } else {
                    guard let (name, after) = self.quotedMember(rest) else { return nil }
                    steps.append(.member(name))
                    rest = after
                }
                memberMayFollow = false
            } else if first == "." {
                guard !memberMayFollow else { return nil }
                rest = rest.dropFirst()
                guard let next = rest.first, next != ".", next != "[" else { return nil }
                memberMayFollow = true
            } else {
                guard memberMayFollow else { return nil }
                let name = rest.prefix { $0 != "." && $0 != "[" }
                steps.append(.member(String(name)))
                rest = rest[name.endIndex...]
                memberMayFollow = false
            }
        }
        return steps
    }

    /// Reads `["name"]`; the name holds no quotation mark.
    private static func quotedMember(_ text: Substring) -> (String, Substring)? {
        guard text.hasPrefix("[\"") else { return nil }
        let body = text.dropFirst(2)
        guard let quote = body.firstIndex(of: "\"") else { return nil }
        let after = body[body.index(after: quote)...]
        guard after.first == "]" else { return nil }
        return (String(body[..<quote]), after.dropFirst())
    }
}

extension JSONPath: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let path = JSONPath(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no path")
        }
        self = path
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

extension JSONPath: ExpressibleByStringLiteral {
    /// A path known when the code is written; a malformed one is a mistake of the programmer.
    public init(stringLiteral value: String) {
        guard let path = JSONPath(value) else { preconditionFailure("\(value) is no path") }
        self = path
    }
}

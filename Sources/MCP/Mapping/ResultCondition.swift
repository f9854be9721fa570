/// Something to look for in a tool's answer: a value at a path, a text, or both.
public struct ResultCondition: Hashable, Sendable, Codable {
    /// Where to look in the answer's payload.
    public var path: JSONPath?
    /// What must stand there; without it anything but `null` will do.
    public var equals: JSONValue?
    /// What the answer's text must look like.
    public var text: TextPattern?

    /// A condition; one without `path` and `text` never holds.
    public init(path: JSONPath? = nil, equals: JSONValue? = nil, text: TextPattern? = nil) {
        self.path = path
        self.equals = equals
        self.text = text
    }

    func holds(for result: MCPToolResult, payload: JSONValue) -> Bool {
        guard self.path != nil || self.text != nil else { return false }
        if let path {
            guard let value = payload.value(at: path), !value.isNull else { return false }
            if let equals, value != equals { return false }
        }
        if let text, !text.matches(result.text) { return false }
        return true
    }
}

/// A text with `*` for anything, compared without regard to case.
public struct TextPattern: Hashable, Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    private let pattern: String

    /// A pattern such as `Error: * not found*`.
    public init(_ pattern: String) { self.pattern = pattern }
    public init(stringLiteral value: String) { self.pattern = value }

    public init(from decoder: any Decoder) throws {
        self.pattern = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.pattern)
    }

    public var description: String { self.pattern }

    /// Whether the first 4,096 characters of `text` fit the pattern.
    func matches(_ text: String) -> Bool {
        let text = Array(text.prefix(4096).lowercased())
        let pattern = Array(self.pattern.lowercased())
        var textIndex = 0
        var patternIndex = 0
        // Where to go on when what follows the last star does not fit.
        var retry: (pattern: Int, text: Int)?
        while textIndex < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == "*" {
                patternIndex += 1
                retry = (patternIndex, textIndex)
            } else if patternIndex < pattern.count, pattern[patternIndex] == text[textIndex] {
                patternIndex += 1
                textIndex += 1
            } else if let point = retry {
                retry = (point.pattern, point.text + 1)
                patternIndex = point.pattern
                textIndex = point.text + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == "*" }
    }
}

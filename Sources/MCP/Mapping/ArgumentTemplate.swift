/// The arguments of a foreign tool, with gaps.
///
/// A string that is nothing but `{name}` is replaced by the value of that name, whatever its type; where there is no
/// such value the member is left out. Inside a longer string `{name}` is replaced by the value's text. `{{` stands for
/// a brace. Everything else is sent as it stands.
public struct ArgumentTemplate: Hashable, Sendable, Codable {
    let value: JSONValue
    /// All names that stand in the template.
    let placeholders: Set<String>

    /// A template; throws ``MCPError`` where a brace is not closed or the arguments are no object.
    public init(_ value: JSONValue) throws(MCPError) {
        guard value.objectValue != nil else {
            throw MCPError(code: .invalidMapping, message: "arguments must be an object")
        }
        try self.init(any: value)
    }

    /// A template that may be of any type, such as one record of a batch.
    init(any value: JSONValue) throws(MCPError) {
        self.value = value
        var placeholders: Set<String> = []
        try Self.collect(value, into: &placeholders)
        self.placeholders = placeholders
    }

    public init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        do {
            try self.init(any: value)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.message))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        try self.value.encode(to: encoder)
    }

    /// The arguments with the gaps filled.
    func filled(with values: [String: JSONValue]) -> JSONValue {
        Self.fill(self.value, values) ?? [:]
    }

    private static func fill(_ value: JSONValue, _ values: [String: JSONValue]) -> JSONValue? {
        switch value {
        case .object(let members):
            return .object(members.compactMapValues { self.fill($0, values) })
        case .array(let elements):
            return .array(elements.compactMap { self.fill($0, values) })
        case .string(let text):
            let pieces = (try? self.pieces(of: text)) ?? [.text(text)]
            if pieces.count == 1, case .placeholder(let name) = pieces[0] { return values[name] }
            return .string(pieces.map { $0.text(values) }.joined())
        case .null, .bool, .integer, .number:
            return value
        }
    }

    private static func collect(_ value: JSONValue, into placeholders: inout Set<String>) throws(MCPError) {
        switch value {
        case .object(let members):
            for member in members.values { try self.collect(member, into: &placeholders) }
        case .array(let elements):
            for element in elements { try self.collect(element, into: &placeholders) }
        case .string(let text):
            for case .placeholder(let name) in try self.pieces(of: text) { placeholders.insert(name) }
        case .null, .bool, .integer, .number:
            break
        }
    }

    private enum Piece {
        case text(String)
        case placeholder(String)

        func text(_ values: [String: JSONValue]) -> String {
            switch self {
            case .text(let text): text
            case .placeholder(let name): values[name].map { $0.stringValue ?? $0.description } ?? ""
            }
        }
    }

    private static func pieces(of text: String) throws(MCPError) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = Substring(text)
        while let brace = rest.firstIndex(of: "{") {
            literal += rest[..<brace]
            rest = rest[rest.index(after: brace)...]
            if rest.first == "{" {
                literal.append("{")
                rest = rest.dropFirst()
                continue
            }
            guard let close = rest.firstIndex(of: "}") else {
                throw MCPError(code: .invalidMapping, message: "\"\(text)\" holds a brace that is not closed")
            }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = ""
            pieces.append(.placeholder(String(rest[..<close])))
            rest = rest[rest.index(after: close)...]
        }
        literal += rest
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.text(literal)) }
        return pieces
    }
}

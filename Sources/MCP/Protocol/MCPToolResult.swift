/// What a tool answered.
public struct MCPToolResult: Hashable, Sendable {
    /// The unstructured blocks, in order.
    public var content: [MCPContent]
    /// The structured answer, where the tool gives one.
    public var structuredContent: JSONValue?
    /// Whether the tool reports its own failure.
    public var isError: Bool

    /// An answer block by block.
    public init(content: [MCPContent], structuredContent: JSONValue? = nil, isError: Bool = false) {
        self.content = content
        self.structuredContent = structuredContent
        self.isError = isError
    }

    /// A structured answer, repeated as JSON text for clients that read only text (2025-06-18, Structured Content).
    public static func structured(_ value: JSONValue, isError: Bool = false) -> MCPToolResult {
        MCPToolResult(content: [.text(value.description)], structuredContent: value, isError: isError)
    }

    /// A plain text answer.
    public static func text(_ text: String, isError: Bool = false) -> MCPToolResult {
        MCPToolResult(content: [.text(text)], isError: isError)
    }

    /// The answer as one value: the structured content, else the JSON in the single text block, else all texts joined
    /// by line ends.
    public var payload: JSONValue {
        if let structuredContent { return structuredContent }
        if self.content.count == 1, let text = self.content[0].text, let value = try? JSONValue(parsing: text) {
            return value
        }
        return .string(self.text)
    }

    /// All text of the answer, its blocks joined by line ends.
    public var text: String {
        self.content.compactMap(\.text).joined(separator: "\n")
    }

    /// Reads the result of `tools/call`.
    package init(reading result: JSONValue) throws(MCPError) {
        guard case .object(let members) = result else {
            throw MCPError(code: .protocolViolation, message: "The result of a tool call is no object")
        }
        switch members["resultType"]?.stringValue {
        case nil, "complete": break
        case "input_required":
            throw MCPError(code: .toolFailed, message: "The tool asks for input, which this client never gives")
        case let type?:
            throw MCPError(code: .protocolViolation, message: "Unknown result type \(type.prefix(40))")
        }
        guard members["content"] != nil || members["structuredContent"] != nil else {
            throw MCPError(code: .protocolViolation, message: "The result of a tool call has no content")
        }
        self.content = (members["content"]?.arrayValue ?? []).map(MCPContent.init)
        if let structured = members["structuredContent"], !structured.isNull {
            self.structuredContent = structured
        } else {
            self.structuredContent = Optional.none
        }
        self.isError = members["isError"]?.boolValue ?? false
    }

    /// The result of `tools/call` as the server sends it.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "content": .array(self.content.map(\.json)),
            "isError": .bool(self.isError),
        ]
        members["structuredContent"] = self.structuredContent
        return .object(members)
    }
}

/// A tool that a server offers, with what happens when it is called.
public struct MCPToolDefinition: Sendable {
    /// The name to call it by: letters, digits, `_`, `-` and `.`, at most 128.
    public var name: String
    /// The name for people.
    public var title: String?
    /// What the tool does.
    public var description: String
    /// The JSON Schema of the arguments. Calls that do not fit it never reach the handler.
    public var inputSchema: JSONValue
    /// The JSON Schema of the structured answer.
    public var outputSchema: JSONValue?
    /// Hints on the tool's behaviour.
    public var annotations: Annotations
    /// Carries a call out. Throw ``MCPToolFailure`` for a failure that the caller should read; any other error is
    /// reported without its text.
    public var handler: @Sendable (JSONValue, MCPCallContext) async throws -> MCPToolResult

    /// Hints on a tool's behaviour, for clients that ask their users (2025-03-26, Tool annotations).
    public struct Annotations: Hashable, Sendable {
        /// The tool changes nothing.
        public var isReadOnly: Bool
        /// The tool may destroy what was there.
        public var isDestructive: Bool
        /// A second identical call changes nothing more.
        public var isIdempotent: Bool

        /// Hints, each off unless given.
        public init(isReadOnly: Bool = false, isDestructive: Bool = false, isIdempotent: Bool = false) {
            self.isReadOnly = isReadOnly
            self.isDestructive = isDestructive
            self.isIdempotent = isIdempotent
        }

        var json: JSONValue {
            [
                "readOnlyHint": .bool(self.isReadOnly), "destructiveHint": .bool(self.isDestructive),
                "idempotentHint": .bool(self.isIdempotent), "openWorldHint": false,
            ]
        }
    }

    /// A tool and its handler.
    public init(
        name: String, title: String? = nil, description: String, inputSchema: JSONValue,
        outputSchema: JSONValue? = nil, annotations: Annotations = .init(),
        handler: @escaping @Sendable (JSONValue, MCPCallContext) async throws -> MCPToolResult
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
        self.annotations = annotations
        self.handler = handler
    }

    /// The tool in the words of revision `version`: older clients may refuse members they do not know.
    func json(for version: MCPProtocolVersion) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(self.name), "description": .string(self.description), "inputSchema": self.inputSchema,
        ]
        if version >= .v2025_03_26 {
            members["annotations"] = self.annotations.json
        }
        if version >= .v2025_06_18 {
            members["title"] = self.title.map { .string($0) }
            members["outputSchema"] = self.outputSchema
        }
        return .object(members)
    }
}

/// A failure that a tool tells its caller: becomes a result with `isError`.
public struct MCPToolFailure: Error, Sendable {
    /// What happened, for people.
    public var message: String
    /// The same for programs, `{"error":"not_found"}`.
    public var structured: JSONValue?

    /// A failure in words, and for programs where wanted.
    public init(_ message: String, structured: JSONValue? = nil) {
        self.message = message
        self.structured = structured
    }

    var result: MCPToolResult {
        MCPToolResult(content: [.text(self.message)], structuredContent: self.structured, isError: true)
    }
}

/// A tool as a server announces it.
public struct MCPTool: Hashable, Sendable {
    /// The name to call it by.
    public var name: String
    /// The name for people.
    public var title: String?
    /// What the tool does.
    public var description: String?
    /// The JSON Schema of its arguments.
    public var inputSchema: JSONValue
    /// The JSON Schema of its structured answer.
    public var outputSchema: JSONValue?

    /// A tool by its parts.
    public init(
        name: String, title: String? = nil, description: String? = nil,
        inputSchema: JSONValue = ["type": "object"], outputSchema: JSONValue? = nil
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
    }

    package init?(_ value: JSONValue) {
        guard let name = value["name"]?.stringValue, let schema = value["inputSchema"], schema.objectValue != nil else {
            return nil
        }
        self.name = name
        self.title = value["title"]?.stringValue
        self.description = value["description"]?.stringValue
        self.inputSchema = schema
        self.outputSchema = value["outputSchema"]
    }

    /// The arguments that a call must give.
    public var requiredArguments: [String] {
        self.inputSchema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    /// The arguments that the schema names.
    public var declaredArguments: Set<String> {
        Set(self.inputSchema["properties"]?.objectValue?.keys.map { $0 } ?? [])
    }

    /// Whether the tool takes arguments that its schema does not name.
    public var acceptsUndeclaredArguments: Bool {
        self.inputSchema["additionalProperties"] != false
    }
}

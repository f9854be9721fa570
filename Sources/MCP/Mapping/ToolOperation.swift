/// One of our operations in the words of a foreign server: which tool, which arguments, how failures look.
public struct ToolOperation: Hashable, Sendable, Codable {
    /// The tool's name.
    public var tool: String
    /// The tool's arguments.
    public var arguments: ArgumentTemplate
    /// Signs that what was asked for does not exist; instead of the mapping's own.
    public var notFound: [ResultCondition]?
    /// Signs of a failure in an answer that does not say `isError`; instead of the mapping's own.
    public var failure: [ResultCondition]?

    /// An operation by its parts.
    public init(
        tool: String, arguments: ArgumentTemplate, notFound: [ResultCondition]? = nil,
        failure: [ResultCondition]? = nil
    ) {
        self.tool = tool
        self.arguments = arguments
        self.notFound = notFound
        self.failure = failure
    }
}

/// What a tool's answer comes to.
enum ToolOutcome {
    case found(MCPToolResult, payload: JSONValue)
    case notFound
}

/// Carries mapped operations out.
struct ToolCaller: Sendable {
    let client: MCPClient
    let notFound: [ResultCondition]
    let failure: [ResultCondition]

    /// Calls the operation's tool. Throws ``MCPError``, `toolFailed` where the tool says so in any of its ways.
    func call(
        _ operation: ToolOperation, _ values: [String: JSONValue], isIdempotent: Bool = true
    ) async throws -> ToolOutcome {
        let result = try await self.client.callTool(
            operation.tool, arguments: operation.arguments.filled(with: values), isIdempotent: isIdempotent)
        return try self.outcome(of: result, operation)
    }

    func outcome(of result: MCPToolResult, _ operation: ToolOperation) throws(MCPError) -> ToolOutcome {
        let payload = result.payload
        if (operation.notFound ?? self.notFound).contains(where: { $0.holds(for: result, payload: payload) }) {
            return .notFound
        }
        let looksFailed = (operation.failure ?? self.failure).contains { $0.holds(for: result, payload: payload) }
        guard !result.isError, !looksFailed else {
            throw MCPError(
                code: .toolFailed, message: "The tool \(operation.tool) failed: \(result.text.prefix(500))",
                data: result.structuredContent)
        }
        return .found(result, payload: payload)
    }
}

extension JSONValue {
    /// The value at `path` that an answer must have.
    func required(_ path: JSONPath, of operation: ToolOperation) throws(MCPError) -> JSONValue {
        guard let value = self.value(at: path) else {
            throw MCPError(
                code: .protocolViolation, message: "The answer of \(operation.tool) has nothing at \"\(path)\"")
        }
        return value
    }
}

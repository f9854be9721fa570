import Logging
import TraceContext

/// Answers the methods of MCP, whatever carried them.
struct MCPServerMethods: Sendable {
    let name: String
    let version: String
    let instructions: String?
    let tools: [MCPToolDefinition]
    let limits: MCPServerLimits
    let logger: Logger
    private let indexByName: [String: Int]

    init(
        name: String, version: String, instructions: String?, tools: [MCPToolDefinition], limits: MCPServerLimits,
        logger: Logger
    ) {
        self.name = name
        self.version = version
        self.instructions = instructions
        self.tools = tools
        self.limits = limits
        self.logger = logger
        self.indexByName = Dictionary(
            tools.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { _, _ in preconditionFailure("two tools of one name") })
    }

    /// One request with what the transport knows of it.
    struct Call: Sendable {
        var id: RequestID
        var method: String
        var params: JSONValue?
        var version: MCPProtocolVersion
        var remoteAddress: String?
        var sendProgress: (@Sendable (MCPProgress) -> Void)?
    }

    func tool(_ name: String) -> MCPToolDefinition? {
        self.indexByName[name].map { self.tools[$0] }
    }

    /// Answers one request. Throws ``JSONRPCError`` for protocol errors and `CancellationError` when it was stopped.
    func answer(_ call: Call) async throws -> JSONValue {
        var result: JSONValue
        switch call.method {
        case "ping" where !call.version.isStateless: result = [:]
        case "tools/list": result = try self.listTools(call)
        case "tools/call": result = try await self.callTool(call).json
        case "server/discover" where call.version.isStateless: result = self.discovery
        default: throw JSONRPCError.methodNotFound(call.method)
        }
        if call.version.isStateless, case .object(var members) = result {
            members["resultType"] = "complete"
            members["_meta"] = ["io.modelcontextprotocol/serverInfo": self.serverInfo]
            result = .object(members)
        }
        return result
    }

    /// The answer to `initialize`: the asked revision where we speak it, else our newest with a handshake.
    func initialize(_ params: JSONValue?) throws(JSONRPCError) -> (version: MCPProtocolVersion, result: JSONValue) {
        guard let requested = params?["protocolVersion"]?.stringValue else {
            throw .invalidParams("protocolVersion is missing")
        }
        let known = MCPProtocolVersion(rawValue: requested)
        let version = known.flatMap { $0.isStateless ? nil : $0 } ?? .latestWithHandshake
        var result: [String: JSONValue] = [
            "protocolVersion": .string(version.rawValue), "capabilities": self.capabilities,
            "serverInfo": self.serverInfo,
        ]
        if version >= .v2025_03_26 {
            result["instructions"] = self.instructions.map { .string($0) }
        }
        return (version, .object(result))
    }

    private var serverInfo: JSONValue { ["name": .string(self.name), "version": .string(self.version)] }

    private var capabilities: JSONValue { ["tools": ["listChanged": false]] }

    private var discovery: JSONValue {
        var members: [String: JSONValue] = [
            "supportedVersions": .array(MCPProtocolVersion.allCases.reversed().map { .string($0.rawValue) }),
            "capabilities": self.capabilities,
        ]
        members["instructions"] = self.instructions.map { .string($0) }
        members.merge(self.cacheHints) { _, hint in hint }
        return .object(members)
    }

    private var cacheHints: [String: JSONValue] {
        ["ttlMs": .integer(self.limits.toolListLifetime.components.seconds * 1000), "cacheScope": "public"]
    }

    /// Pages by position: the tools never change while the server runs, so a cursor stays valid.
    private func listTools(_ call: Call) throws(JSONRPCError) -> JSONValue {
        var start = 0
        if let cursor = call.params?["cursor"], !cursor.isNull {
            guard let text = cursor.stringValue, text.hasPrefix("tool-"), let index = Int(text.dropFirst(5)),
                (1..<max(self.tools.count, 1)).contains(index)
            else {
                throw .invalidParams("Unknown cursor")
            }
            start = index
        }
        let end = min(start + self.limits.toolsPerPage, self.tools.count)
        var members: [String: JSONValue] = [
            "tools": .array(self.tools[start..<end].map { $0.json(for: call.version) })
        ]
        if end < self.tools.count { members["nextCursor"] = "tool-\(end)" }
        if call.version.isStateless { members.merge(self.cacheHints) { _, hint in hint } }
        return .object(members)
    }

    private func callTool(_ call: Call) async throws -> MCPToolResult {
        guard let name = call.params?["name"]?.stringValue else { throw JSONRPCError.invalidParams("name is missing") }
        guard let tool = self.tool(name) else {
            throw JSONRPCError.invalidParams("Unknown tool: \(name.prefix(128))")
        }
        // A closure that returns `nil` here would make a JSON null of it, since that is a literal of `JSONValue` too.
        var arguments: JSONValue = [:]
        if let given = call.params?["arguments"], !given.isNull { arguments = given }
        guard arguments.objectValue != nil else { throw JSONRPCError.invalidParams("arguments must be an object") }
        if let violation = JSONSchema.firstViolation(of: tool.inputSchema, by: arguments) {
            // Revision 2025-11-25 made bad arguments a failure of the tool, so that a model can read and mend them.
            guard call.version >= .v2025_11_25 else {
                throw JSONRPCError.invalidParams("Invalid arguments for \(name): \(violation)")
            }
            return .text("Invalid arguments for \(name): \(violation)", isError: true)
        }
        var logger = self.logger
        logger[metadataKey: "mcp_tool"] = .string(name)
        logger[metadataKey: "mcp_request_id"] = .string(String(call.id.description.prefix(64)))
        let span = SpanContext(meta: call.params?["_meta"])
        if let span { logger[metadataKey: "trace_id"] = .string(span.traceID.description) }
        let context = MCPCallContext(
            requestID: call.id, protocolVersion: call.version, remoteAddress: call.remoteAddress, logger: logger,
            sendProgress: call.sendProgress)
        do {
            return try await SpanContext.$current.withValue(span) { try await tool.handler(arguments, context) }
        } catch let failure as MCPToolFailure {
            return failure.result
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.error("MCP tool failed", metadata: ["error": "\(error)"])
            return .text("The tool \(name) failed", isError: true)
        }
    }
}

extension SpanContext {
    /// A step of the trace that a request names in its `_meta`.
    fileprivate init?(meta: JSONValue?) {
        guard let traceparent = meta?["traceparent"]?.stringValue,
            let caller = SpanContext(
                traceparent: traceparent, state: (meta?["tracestate"]?.stringValue).map { [$0] } ?? [])
        else { return nil }
        var generator = SystemRandomNumberGenerator()
        self = caller.child(using: &generator)
    }
}

/// The stateless protocol of 2026-07-28: every request tells all about itself, and its headers repeat its body.
extension MCPServerCore {
    /// Whether a body is meant for the stateless protocol: by its own `_meta`, or by a header that names no revision
    /// with a handshake.
    func isStateless(_ request: MCPServerRequest, _ value: JSONValue) -> Bool {
        if value["params"]?["_meta"]?[MetaKey.protocolVersion] != nil { return true }
        guard let stated = request.header("MCP-Protocol-Version") else { return false }
        return MCPProtocolVersion(rawValue: stated)?.isStateless ?? (request.header("Mcp-Session-Id") == nil)
    }

    /// Answers one stateless POST.
    func postStateless(_ request: MCPServerRequest, _ value: JSONValue) async -> MCPServerResponse {
        let message: JSONRPCMessage
        do {
            message = try JSONRPCMessage(value)
        } catch {
            return .message(400, .error(id: nil, error))
        }
        guard case .request(let id, let method, let params) = message else {
            // Nothing that a client could notify us of means anything here; answers to requests we never make neither.
            if case .notification = message { return MCPServerResponse(status: 202) }
            return .message(400, .error(id: nil, .invalidRequest("A body holds one request")))
        }
        let version: MCPProtocolVersion
        do {
            version = try self.checkEnvelope(request, method: method, params: params)
        } catch {
            return .message(400, .error(id: id, error))
        }
        let call = MCPServerMethods.Call(
            id: id, method: method, params: params, version: version, remoteAddress: request.remoteAddress)
        if let token = Self.progressToken(params), method == "tools/call", request.accepts("text/event-stream") {
            return self.eventStream(of: call, in: nil, token: token)
        }
        switch await self.perform(call, in: nil) {
        case .answer(let answer): return Self.stateless(answer)
        case .cancelled: return MCPServerResponse(status: 202)
        }
    }

    /// The status that goes with an answer (2026-07-28, Streamable HTTP).
    private static func stateless(_ answer: JSONRPCMessage) -> MCPServerResponse {
        guard case .error(_, let error) = answer else { return .message(200, answer) }
        switch error.code {
        case JSONRPCError.methodNotFoundCode: return .message(404, answer)
        case JSONRPCError.overloadedCode: return .message(503, answer, headers: [("Retry-After", "1")])
        case JSONRPCError.internalErrorCode: return .message(500, answer)
        default: return .message(400, answer)
        }
    }

    /// Holds headers against body.
    private func checkEnvelope(
        _ request: MCPServerRequest, method: String, params: JSONValue?
    ) throws(JSONRPCError) -> MCPProtocolVersion {
        for name in ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"] where request.headerCount(name) > 1 {
            throw .headerMismatch("\(name) is given more than once")
        }
        let meta = params?["_meta"]
        guard let stated = meta?[MetaKey.protocolVersion]?.stringValue else {
            if let header = request.header("MCP-Protocol-Version"), MCPProtocolVersion(rawValue: header) == nil {
                throw .unsupportedVersion(header)
            }
            throw .invalidParams("_meta must carry \(MetaKey.protocolVersion)")
        }
        guard let header = request.header("MCP-Protocol-Version") else {
            throw .headerMismatch("MCP-Protocol-Version is missing")
        }
        guard header == stated else { throw .headerMismatch("MCP-Protocol-Version differs from the body") }
        guard let version = MCPProtocolVersion(rawValue: stated), version.isStateless else {
            throw .unsupportedVersion(stated)
        }
        guard meta?[MetaKey.clientCapabilities]?.objectValue != nil else {
            throw .invalidParams("_meta must carry \(MetaKey.clientCapabilities)")
        }
        guard request.header("Mcp-Method") == method else {
            throw .headerMismatch("Mcp-Method is missing or differs from the body")
        }
        if method == "tools/call", let name = params?["name"]?.stringValue {
            guard let header = request.header("Mcp-Name"), MCPHeaderValue.decode(header) == name else {
                throw .headerMismatch("Mcp-Name is missing or differs from the body")
            }
            try self.checkParameterHeaders(request, tool: name, arguments: params?["arguments"] ?? [:])
        }
        return version
    }

    private func checkParameterHeaders(
        _ request: MCPServerRequest, tool name: String, arguments: JSONValue
    ) throws(JSONRPCError) {
        guard let tool = self.methods.tool(name), case .valid(let parameters) = ToolHeaders(of: tool.inputSchema) else {
            return
        }
        for parameter in parameters {
            let header = request.header(parameter.headerName)
            let expected = parameter.text(in: arguments)
            guard header.map(MCPHeaderValue.decode) == expected.map(Optional.some) else {
                throw .headerMismatch("\(parameter.headerName) is missing or differs from the body")
            }
        }
    }
}

/// The names of the protocol's own members in `_meta` (2026-07-28, General fields).
enum MetaKey {
    static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
    static let clientInfo = "io.modelcontextprotocol/clientInfo"
    static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
}

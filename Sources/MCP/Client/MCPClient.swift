public import CurlHTTP
public import Logging
public import ServiceLifecycle
import Synchronization

/// A client of one MCP server, whatever generation of the protocol it speaks.
///
/// ``run()`` finds that out, opens the connection and opens it again when it is lost. Calls may be made at any time;
/// where there is no connection they wait for one within their deadline. A call is sent a second time only where the
/// first certainly had no effect, or where the caller says that twice is as good as once.
public final class MCPClient: Service, Sendable {
    let configuration: MCPClientConfiguration
    let wire: MCPWire
    let time: MCPTime
    let logger: Logger
    let jitter: @Sendable () -> Double
    let state: Mutex<State>
    /// Given when the client is to disconnect in good order.
    let stopping = CancellationSignal()
    /// Notifications and answers that nobody waits for.
    let courtesies: (stream: AsyncStream<Courtesy>, continuation: AsyncStream<Courtesy>.Continuation)

    typealias OrderSlot = AsyncStream<MCPSession.ConnectAction>
    typealias LinkSlot = AsyncThrowingStream<MCPSession.Link, any Error>
    typealias AnswerSlot = AsyncThrowingStream<JSONRPCMessage, any Error>

    struct Courtesy: Sendable {
        var link: MCPSession.Link
        var message: JSONRPCMessage
    }

    struct State {
        var session: MCPSession
        var waiters: [Int: LinkSlot.Continuation] = [:]
        var nextWaiter = 0
        /// Those who wait for an answer on the event stream.
        var answers: [RequestID: AnswerSlot.Continuation] = [:]
        /// What the connecting task is to do after somebody else found the connection lost: waiting for that task, or
        /// the task waiting for it.
        var order: MCPSession.ConnectAction?
        var orderSlot: OrderSlot.Continuation?
        /// When the event stream last brought anything.
        var lastHeard = Duration.zero
        /// The tools' header rules on a stateless connection.
        var toolHeaders: (epoch: Int, rules: [String: ToolHeaders])?
    }

    /// A client for one server. It is idle until ``run()``.
    ///
    /// `time` and `jitter` (numbers in 0…1) are the machine's own unless a test holds them.
    public init(
        configuration: MCPClientConfiguration, http: HTTPClient, logger: Logger, time: MCPTime = .continuous,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.configuration = configuration
        self.wire = MCPWire(http: http, configuration: configuration, time: time)
        self.time = time
        self.jitter = jitter
        var logger = logger
        logger[metadataKey: "mcp_server"] = .string(configuration.name)
        self.logger = logger
        let backoff = ReconnectBackoff(range: configuration.reconnectDelay)
        self.state = Mutex(State(session: MCPSession(hint: configuration.protocolHint, backoff: backoff)))
        self.courtesies = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
    }

    /// Runs `body` with a connected client and disconnects afterwards: for tools that have no service group.
    public static func withClient<T: Sendable>(
        configuration: MCPClientConfiguration, http: HTTPClient, logger: Logger,
        _ body: @Sendable (MCPClient) async throws -> T
    ) async throws -> T {
        let client = MCPClient(configuration: configuration, http: http, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            defer { client.stopping.fire() }
            return try await body(client)
        }
    }

    /// The generation that the server speaks; `nil` while there is no connection.
    public var serverGeneration: MCPGeneration? {
        self.state.withLock { $0.session.link?.generation }
    }

    /// The revision that the server speaks; `nil` while there is no connection.
    public var serverVersion: MCPProtocolVersion? {
        self.state.withLock { $0.session.link?.version }
    }

    /// All tools of the server, page after page. `timeout` covers them all.
    ///
    /// On a stateless connection tools whose header rules are malformed are left out, as the specification asks.
    public func listTools(timeout: Duration? = nil) async throws -> [MCPTool] {
        try await self.withinDeadline(timeout) {
            try await self.retrying(isIdempotent: true) { try await self.listTools(on: $0) }
        }
    }

    /// Calls a tool and returns what it answered, failures that the tool reports itself included.
    ///
    /// `isIdempotent` says that the call may be carried out twice without harm. Throws ``MCPError``: `unknownOutcome`
    /// where the connection was lost after the call had left, `timeout` after `timeout` (or the configuration's).
    public func callTool(
        _ name: String, arguments: JSONValue = [:], isIdempotent: Bool = false, timeout: Duration? = nil
    ) async throws -> MCPToolResult {
        let params: JSONValue = ["name": .string(name), "arguments": arguments]
        let result = try await self.withinDeadline(timeout) {
            try await self.retrying(isIdempotent: isIdempotent) { link in
                do {
                    return try await self.callTool(name, params, arguments, link, isIdempotent)
                } catch let error as MCPError where error.isHeaderMismatch {
                    // The tool's header rules have changed since we read them (2026-07-28, Client Behavior).
                    self.state.withLock { $0.toolHeaders = nil }
                    return try await self.callTool(name, params, arguments, link, isIdempotent)
                }
            }
        }
        return try MCPToolResult(reading: result)
    }

    private func callTool(
        _ name: String, _ params: JSONValue, _ arguments: JSONValue, _ link: MCPSession.Link, _ isIdempotent: Bool
    ) async throws -> JSONValue {
        var headers: [(name: String, value: String)] = []
        if link.generation == .stateless {
            headers.append(("Mcp-Name", MCPHeaderValue.encode(name)))
            headers += try await self.parameterHeaders(name, arguments, link)
        }
        return try await self.send(
            "tools/call", params: params, headers: headers, on: link, isIdempotent: isIdempotent)
    }

    private func parameterHeaders(
        _ name: String, _ arguments: JSONValue, _ link: MCPSession.Link
    ) async throws -> [(name: String, value: String)] {
        let known = self.state.withLock { $0.toolHeaders?.epoch == link.epoch ? $0.toolHeaders?.rules : nil }
        if known == nil { _ = try await self.listTools(on: link) }
        switch self.state.withLock({ $0.toolHeaders?.rules[name] }) {
        case nil: return []
        case .invalid(let reason):
            throw MCPError(code: .unknownTool, message: "The definition of tool \(name) cannot be used: \(reason)")
        case .valid(let parameters):
            return parameters.compactMap { parameter in
                parameter.text(in: arguments).map { (parameter.headerName, MCPHeaderValue.encode($0)) }
            }
        }
    }

    private func listTools(on link: MCPSession.Link) async throws -> [MCPTool] {
        var tools: [MCPTool] = []
        var cursors: Set<String> = []
        var params: JSONValue = [:]
        while true {
            let page = try await self.send("tools/list", params: params, on: link, isIdempotent: true)
            guard let entries = page["tools"]?.arrayValue else {
                throw MCPError(code: .protocolViolation, message: "The tool list holds no tools")
            }
            tools += entries.compactMap { MCPTool($0) }
            guard tools.count <= self.configuration.maximumTools else {
                throw MCPError(code: .tooLarge, message: "The server announces too many tools")
            }
            guard let cursor = page["nextCursor"]?.stringValue else { break }
            guard !entries.isEmpty, cursors.insert(cursor).inserted else {
                throw MCPError(code: .protocolViolation, message: "The tool list does not end")
            }
            params = ["cursor": .string(cursor)]
        }
        return link.generation == .stateless ? self.learnHeaders(of: tools, link) : tools
    }

    /// Keeps the tools' header rules for calls, and returns the tools that obey the rules for rules.
    private func learnHeaders(of tools: [MCPTool], _ link: MCPSession.Link) -> [MCPTool] {
        var rules: [String: ToolHeaders] = [:]
        var usable: [MCPTool] = []
        for tool in tools {
            let headers = ToolHeaders(of: tool.inputSchema)
            rules[tool.name] = headers
            if case .invalid(let reason) = headers {
                self.logger.warning(
                    "MCP tool left out", metadata: ["tool": .string(tool.name), "reason": .string(reason)])
            } else {
                usable.append(tool)
            }
        }
        let learned = rules
        self.state.withLock { $0.toolHeaders = (link.epoch, learned) }
        return usable
    }
}

public import Logging
import Synchronization

/// An MCP server without its HTTP server: takes requests, gives answers, in all three generations at once.
///
/// A request of 2026-07-28 stands for itself. `initialize` on the Streamable HTTP path opens a session, and so does a
/// GET on the event stream path. Work runs in the task that calls ``handle(_:)`` or in the one that writes an
/// ``MCPEventStream``; cancel that task when its client goes away. The core has no tasks of its own.
public final class MCPServerCore: Sendable {
    /// What the server takes on at most.
    public let limits: MCPServerLimits
    /// Where the endpoints stand.
    public let paths: MCPServerPaths
    let access: MCPServerAccess
    let methods: MCPServerMethods
    let time: MCPTime
    let randomToken: @Sendable () -> String
    let logger: Logger
    let sessions: Mutex<MCPServerSessions<StreamHandle, CancellationSignal>>

    /// Reaches the stream of a session.
    struct StreamHandle: Sendable {
        let inbox: AsyncStream<InboxItem>.Continuation
    }

    /// What a session's stream has to carry out or to pass on.
    enum InboxItem: Sendable {
        case call(MCPServerMethods.Call, CancellationSignal)
        case reply(JSONRPCMessage)
    }

    /// A server that offers `tools`, whose names must differ.
    ///
    /// `randomToken` makes session ids and must not be guessable; `time` is the machine's own unless a test holds it.
    public init(
        name: String, version: String, instructions: String? = nil, tools: [MCPToolDefinition],
        limits: MCPServerLimits = .init(), access: MCPServerAccess = .init(), paths: MCPServerPaths = .init(),
        logger: Logger, time: MCPTime = .continuous,
        randomToken: @escaping @Sendable () -> String = MCPServerCore.unguessableToken
    ) {
        self.limits = limits
        self.access = access
        self.paths = paths
        self.methods = MCPServerMethods(
            name: name, version: version, instructions: instructions, tools: tools, limits: limits, logger: logger)
        self.time = time
        self.randomToken = randomToken
        self.logger = logger
        self.sessions = Mutex(MCPServerSessions(limits: limits))
    }

    /// Answers a request.
    ///
    /// A call that was cancelled by the client is answered 202 with no body, because HTTP wants some answer.
    public func handle(_ request: MCPServerRequest) async -> MCPServerResponse {
        guard let endpoint = self.paths.endpoint(at: request.path) else { return .plain(404, "Not Found") }
        if let refusal = self.access.refusal(of: request) { return refusal }
        guard request.body.count <= self.limits.maximumBodyBytes else {
            return .plain(413, "The body exceeds \(self.limits.maximumBodyBytes) bytes")
        }
        switch (endpoint, request.method) {
        case (.eventStream, "GET"): return self.openEventStream(request)
        case (.messages, "POST"): return self.postMessage(request)
        case (.streamable, "POST"): return await self.postStreamable(request)
        case (.streamable, "GET"): return self.openSessionStream(request)
        case (.streamable, "DELETE"): return self.deleteSession(request)
        case (.eventStream, _), (.messages, _), (.streamable, _):
            return .plain(405, "Method Not Allowed", headers: [("Allow", endpoint.allowedMethods)])
        }
    }

    /// Ends all streams and stops all calls of sessions; what comes after is refused with 503.
    public func shutDown() {
        self.dispose(of: self.sessions.withLock { $0.shutDown() })
    }

    /// How many sessions are open.
    public var openSessions: Int {
        self.sessions.withLock { $0.sessions.count }
    }

    /// How many calls run or wait.
    public var runningCalls: Int {
        self.sessions.withLock { $0.runningCalls }
    }

    /// 128 random bits of the operating system as 32 hexadecimal digits.
    public static func unguessableToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Does what the books say about sessions that ended.
    func dispose(of remains: MCPServerSessions<StreamHandle, CancellationSignal>.Remains) {
        for signal in remains.signals { signal.fire() }
        for handle in remains.handles { handle.inbox.finish() }
    }

    /// Opens a session; `nil` where there are too many.
    func openSession(
        generation: MCPGeneration, version: MCPProtocolVersion?, handle: StreamHandle?
    ) -> String? {
        let id = self.randomToken()
        let now = self.time.now()
        let action = self.sessions.withLock {
            $0.open(id, generation: generation, version: version, handle: handle, now: now)
        }
        switch action {
        case .opened(let remains):
            self.dispose(of: remains)
            return id
        case .full(let remains):
            self.dispose(of: remains)
            self.logger.warning("MCP session refused", metadata: ["sessions": "\(self.limits.maximumSessions)"])
            return nil
        }
    }

    func closeSession(_ id: String) {
        self.dispose(of: self.sessions.withLock { $0.close(id) })
    }

    static let overloadedResponse = MCPServerResponse.message(
        503, .error(id: nil, .overloaded), headers: [("Retry-After", "1")])
}

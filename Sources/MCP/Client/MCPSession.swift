/// The client's side of a connection: which generation the server speaks, the handshake, reconnecting, and which
/// requests wait for an answer. Pure: events in, actions out.
///
///     idle ─▶ probing ─▶ connected ─▶ probing …        POST generations
///               │ ▲  └─▶ greeting ─▶ connected ─▶ …    HTTP+SSE: on the open event stream
///               ▼ │
///             waiting                                  closed, from anywhere
struct MCPSession: Sendable {
    /// One attempt to find out what the server speaks.
    enum Step: Hashable, Sendable {
        /// POST `server/discover` in this stateless revision.
        case discover(MCPProtocolVersion)
        /// POST `initialize`.
        case initialize
        /// GET the event stream and expect an `endpoint` event.
        case openEventStream
    }

    /// A connection that calls can use.
    struct Link: Hashable, Sendable {
        var generation: MCPGeneration
        var version: MCPProtocolVersion
        /// The session's id on Streamable HTTP, where the server gave one.
        var sessionID: String?
        /// The address for messages on HTTP+SSE.
        var endpoint: String?
        /// Counts connections, so that late news of an old one can be told apart.
        var epoch: Int
    }

    /// Why there is no connection.
    struct Failure: Hashable, Sendable {
        var code: MCPError.Code
        var message: String

        var error: MCPError { MCPError(code: self.code, message: self.message) }
    }

    enum State: Hashable, Sendable {
        /// ``start()`` has not been called. Can transition to `probing`.
        case idle
        /// `step` is under way, `next` is left to try. Can transition to `greeting`, `connected`, `waiting`.
        case probing(Step, next: [Step])
        /// The event stream is open and named its endpoint; `initialize` is under way on it.
        case greeting(endpoint: String)
        /// Calls may be sent. Can transition to `probing`, `waiting`.
        case connected(Link, since: Duration)
        /// Resting before the next attempt. Can transition to `probing`.
        case waiting
        /// Over for good.
        case closed
    }

    /// What the connecting task has to do next.
    enum ConnectAction: Hashable, Sendable {
        case perform(Step)
        /// Calls may go; stay with the connection until it is lost.
        case serve(Link)
        case wait(Duration, Failure)
        case stop
    }

    private(set) var state = State.idle
    /// The last failure to connect; forgotten once connected.
    private(set) var lastFailure: Failure?
    private var known: MCPGeneration?
    private var failures = 0
    private var epoch = 0
    private var nextID: Int64 = 1
    /// Requests without an answer yet, by the connection that they went out on.
    private var pending: [RequestID: Int] = [:]
    private let backoff: ReconnectBackoff

    /// `hint` is the generation to try first.
    init(hint: MCPGeneration? = nil, backoff: ReconnectBackoff = .init()) {
        self.known = hint
        self.backoff = backoff
    }

    /// The connection, where there is one.
    var link: Link? {
        guard case .connected(let link, _) = self.state else { return nil }
        return link
    }

    /// The connecting task begins.
    mutating func start() -> ConnectAction {
        guard self.state == .idle else { return .stop }
        return self.probe()
    }

    private mutating func probe() -> ConnectAction {
        // The order of the specification, newest first, but what the server spoke last comes before all.
        var steps: [Step] = [.discover(.v2026_07_28), .initialize, .openEventStream]
        switch self.known {
        case .streamableHTTP: steps = [.initialize, .discover(.v2026_07_28), .openEventStream]
        case .httpSSE: steps = [.openEventStream, .discover(.v2026_07_28), .initialize]
        case .stateless, nil: break
        }
        let first = steps.removeFirst()
        self.state = .probing(first, next: steps)
        return .perform(first)
    }

    /// What a step brought to light.
    enum ProbeOutcome: Hashable, Sendable {
        /// `server/discover` was answered with these revisions.
        case discovered([String])
        /// The handshake succeeded.
        case initialized(version: String, sessionID: String?)
        /// A server of the stateless generation does not speak the revision that was tried, but these.
        case refusedVersion(supported: [String])
        /// The server does not speak the generation that was tried.
        case notSpoken(String)
        /// No verdict: no connection, a timeout, no credential.
        case failed(Failure)
    }

    /// The step under way has ended.
    mutating func probed(_ outcome: ProbeOutcome, now: Duration, jitter: Double) -> ConnectAction {
        guard case .probing(let step, let next) = self.state else { return .stop }
        switch outcome {
        case .discovered(let supported):
            guard let version = Self.newestStateless(supported) else {
                return self.tryNext([.initialize] + next.filter { $0 != .initialize }, "", now, jitter)
            }
            return self.connect(.stateless, version, now: now)
        case .initialized(let version, let sessionID):
            guard let version = MCPProtocolVersion(rawValue: version), !version.isStateless else {
                let failure = Failure(
                    code: .unsupportedVersion, message: "The server insists on revision \(version.prefix(40))")
                return self.fail(failure, now: now, jitter: jitter)
            }
            return self.connect(.streamableHTTP, version, sessionID: sessionID, now: now)
        case .refusedVersion(let supported):
            if let version = Self.newestStateless(supported), step != .discover(version) {
                return self.tryNext([.discover(version)], "", now, jitter)
            }
            if step != .initialize,
                supported.contains(where: { MCPProtocolVersion(rawValue: $0)?.isStateless == false })
            {
                return self.tryNext([.initialize], "", now, jitter)
            }
            let list = supported.prefix(10).map { $0.prefix(20) }.joined(separator: ", ")
            let failure = Failure(code: .unsupportedVersion, message: "The server speaks only \(list)")
            return self.fail(failure, now: now, jitter: jitter)
        case .notSpoken(let reason):
            return self.tryNext(next, reason, now, jitter)
        case .failed(let failure):
            return self.fail(failure, now: now, jitter: jitter)
        }
    }

    private mutating func tryNext(
        _ steps: [Step], _ reason: String, _ now: Duration, _ jitter: Double
    ) -> ConnectAction {
        guard let first = steps.first else {
            let failure = Failure(code: .unreachable, message: "No MCP server answers there: \(reason)")
            return self.fail(failure, now: now, jitter: jitter)
        }
        self.state = .probing(first, next: Array(steps.dropFirst()))
        return .perform(first)
    }

    private static func newestStateless(_ names: [String]) -> MCPProtocolVersion? {
        names.compactMap(MCPProtocolVersion.init).filter(\.isStateless).max()
    }

    private mutating func connect(
        _ generation: MCPGeneration, _ version: MCPProtocolVersion, sessionID: String? = nil, endpoint: String? = nil,
        now: Duration
    ) -> ConnectAction {
        self.epoch += 1
        self.known = generation
        self.lastFailure = nil
        let link = Link(
            generation: generation, version: version, sessionID: sessionID, endpoint: endpoint, epoch: self.epoch)
        self.state = .connected(link, since: now)
        return .serve(link)
    }

    enum EndpointAction: Hashable, Sendable {
        /// POST `initialize` there; its answer comes on the stream.
        case greet(String)
        case ignore
    }

    /// The event stream named where to POST; `endpoint` is already resolved and of the same origin.
    mutating func endpointNamed(_ endpoint: String) -> EndpointAction {
        guard case .probing(.openEventStream, _) = self.state else { return .ignore }
        self.state = .greeting(endpoint: endpoint)
        return .greet(endpoint)
    }

    /// `initialize` was answered on the event stream. Anything but `.serve` means that the stream must go.
    mutating func greeted(version name: String, now: Duration) -> ConnectAction {
        guard case .greeting(let endpoint) = self.state,
            let version = MCPProtocolVersion(rawValue: name), !version.isStateless
        else { return .stop }
        return self.connect(.httpSSE, version, endpoint: endpoint, now: now)
    }

    /// The connection that `epoch` numbers is of no use any more; for the event stream also before it was one.
    /// `retry` is the wait that the server asked for. Returns `nil` for old news: somebody told before.
    mutating func lost(
        epoch: Int?, _ failure: Failure, retry: Duration? = nil, now: Duration, jitter: Double
    ) -> ConnectAction? {
        switch self.state {
        case .connected(let link, let since):
            guard epoch == link.epoch else { return nil }
            if now - since >= Self.stableAfter { self.failures = 0 }
            // Once at once: most servers that lose a session are there again already.
            if self.failures == 0, retry == nil {
                self.failures = 1
                self.lastFailure = failure
                return self.probe()
            }
            return self.fail(failure, atLeast: retry, now: now, jitter: jitter)
        case .probing, .greeting:
            guard epoch == nil else { return nil }
            return self.fail(failure, atLeast: retry, now: now, jitter: jitter)
        case .idle, .waiting:
            return nil
        case .closed:
            return .stop
        }
    }

    /// A connection that held this long counts as a success; before, it may be one that always breaks.
    private static let stableAfter = Duration.seconds(10)

    private mutating func fail(
        _ failure: Failure, atLeast minimum: Duration? = nil, now: Duration, jitter: Double
    ) -> ConnectAction {
        self.failures += 1
        self.lastFailure = failure
        self.state = .waiting
        let delay = self.backoff.delay(afterFailures: self.failures, jitter: jitter)
        return .wait(max(delay, min(minimum ?? .zero, self.backoff.range.upperBound)), failure)
    }

    /// The wait is over.
    mutating func waited() -> ConnectAction {
        guard self.state == .waiting else { return .stop }
        return self.probe()
    }

    /// The client is shut down. Returns the requests that get no answer.
    mutating func close() -> [RequestID] {
        self.state = .closed
        defer { self.pending = [:] }
        return Array(self.pending.keys)
    }
}

extension MCPSession {
    /// A request is about to leave on connection `epoch`; returns its id, unlike every other of this session.
    mutating func began(on epoch: Int) -> RequestID {
        defer { self.nextID += 1 }
        let id = RequestID.integer(self.nextID)
        self.pending[id] = epoch
        return id
    }

    /// The request needs no answer any more. Tells whether it still waited for one.
    mutating func ended(_ id: RequestID) -> Bool {
        self.pending.removeValue(forKey: id) != nil
    }

    /// The caller gave the request up. Returns what to tell the server: nothing on a stateless connection, where
    /// closing the exchange says it (2026-07-28, Cancellation).
    mutating func cancelled(_ id: RequestID, reason: String) -> JSONRPCMessage? {
        guard let epoch = self.pending.removeValue(forKey: id), let link, link.epoch == epoch,
            link.generation != .stateless
        else { return nil }
        return .notification(
            method: "notifications/cancelled", params: ["requestId": id.json, "reason": .string(reason)])
    }

    enum ReceiveAction: Hashable, Sendable {
        /// The answer to a request that waits for it.
        case deliver(RequestID, JSONRPCMessage)
        /// The server asked us something; this is the answer.
        case reply(JSONRPCMessage)
        case ignore
    }

    /// A message came in. Answers to requests that nobody waits for are late, or forged, and are ignored.
    mutating func received(_ message: JSONRPCMessage) -> ReceiveAction {
        switch message {
        case .result(let id, _), .error(.some(let id), _):
            return self.ended(id) ? .deliver(id, message) : .ignore
        case .request(let id, "ping", _):
            return .reply(.result(id: id, [:]))
        case .request(let id, let method, _):
            // This client offers neither sampling nor roots nor elicitation.
            return .reply(.error(id: id, .methodNotFound(method)))
        case .notification, .error(nil, _):
            return .ignore
        }
    }

    /// No request gets an answer any more.
    mutating func abandonAll() -> [RequestID] {
        defer { self.pending = [:] }
        return Array(self.pending.keys)
    }

    /// What can be said of an event stream whose handshake is under way.
    var greetingLink: Link? {
        guard case .greeting(let endpoint) = self.state else { return nil }
        return Link(generation: .httpSSE, version: .latestWithHandshake, endpoint: endpoint, epoch: 0)
    }
}

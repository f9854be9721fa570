/// Which sessions are open and which calls run in them: the book-keeping of a server, pure.
///
/// `Handle` is what the owner needs to reach a session's stream, `Signal` what it needs to stop a call. Every event
/// returns those that the caller must then act upon.
struct MCPServerSessions<Handle, Signal> {
    struct Session {
        let generation: MCPGeneration
        /// The negotiated revision; `nil` before `initialize`.
        var version: MCPProtocolVersion?
        var lastUsed: Duration
        var handle: Handle?
        var calls: [RequestID: Signal] = [:]
    }

    private(set) var sessions: [String: Session] = [:]
    private(set) var runningCalls = 0
    private(set) var isClosed = false
    let limits: MCPServerLimits

    init(limits: MCPServerLimits) {
        self.limits = limits
    }

    /// What a session leaves behind: its stream to end and its calls to stop.
    struct Remains {
        var handles: [Handle] = []
        var signals: [Signal] = []
    }

    enum OpenAction {
        case opened(Remains)
        case full(Remains)
    }

    /// A client asks for a session named `id`. Sessions that were idle too long make room first.
    mutating func open(
        _ id: String, generation: MCPGeneration, version: MCPProtocolVersion?, handle: Handle?, now: Duration
    ) -> OpenAction {
        let remains = self.expire(now: now)
        guard !self.isClosed, self.sessions.count < self.limits.maximumSessions else { return .full(remains) }
        self.sessions[id] = Session(generation: generation, version: version, lastUsed: now, handle: handle)
        return .opened(remains)
    }

    /// A request names session `id`. Returns it, unless it is unknown, expired or of another generation.
    mutating func use(_ id: String, generation: MCPGeneration, now: Duration) -> Session? {
        guard let session = self.sessions[id], session.generation == generation,
            now - session.lastUsed <= self.limits.sessionIdleTimeout
        else { return nil }
        self.sessions[id]?.lastUsed = now
        return session
    }

    /// The handshake ended with `version`.
    mutating func negotiated(_ id: String, version: MCPProtocolVersion) {
        self.sessions[id]?.version = version
    }

    /// A new stream for what the server has to say; the one before it ends.
    mutating func attach(_ id: String, handle: Handle) -> Handle? {
        let previous = self.sessions[id]?.handle
        self.sessions[id]?.handle = handle
        return previous
    }

    /// The session is over.
    mutating func close(_ id: String) -> Remains {
        guard let session = self.sessions.removeValue(forKey: id) else { return Remains() }
        self.runningCalls -= session.calls.count
        return Remains(handles: session.handle.map { [$0] } ?? [], signals: Array(session.calls.values))
    }

    /// Forgets sessions that were idle too long.
    mutating func expire(now: Duration) -> Remains {
        var remains = Remains()
        for (id, session) in self.sessions where now - session.lastUsed > self.limits.sessionIdleTimeout {
            let closed = self.close(id)
            remains.handles += closed.handles
            remains.signals += closed.signals
        }
        return remains
    }

    /// The server shuts down: no session opens any more, no call begins.
    mutating func shutDown() -> Remains {
        self.isClosed = true
        var remains = Remains()
        for id in Array(self.sessions.keys) {
            let closed = self.close(id)
            remains.handles += closed.handles
            remains.signals += closed.signals
        }
        return remains
    }

    enum BeginAction: Hashable {
        case run
        case refuseOverload
        case refuseDuplicateID
    }

    /// A call wants to run; `session` is `nil` for stateless ones.
    mutating func beginCall(_ id: RequestID, in session: String?, signal: Signal) -> BeginAction {
        guard !self.isClosed, self.runningCalls < self.limits.maximumConcurrentCalls else { return .refuseOverload }
        if let session {
            guard self.sessions[session] != nil else { return .refuseOverload }
            guard self.sessions[session]?.calls[id] == nil else { return .refuseDuplicateID }
            self.sessions[session]?.calls[id] = signal
        }
        self.runningCalls += 1
        return .run
    }

    /// A call that ran has ended.
    mutating func endCall(_ id: RequestID, in session: String?) {
        guard let session else {
            self.runningCalls -= 1
            return
        }
        // The calls of a closed session were counted off with it.
        if self.sessions[session]?.calls.removeValue(forKey: id) != nil {
            self.runningCalls -= 1
        }
    }

    /// The client gives a call up. Returns what stops it; `nil` where it does not run (any more).
    func cancelCall(_ id: RequestID, in session: String) -> Signal? {
        self.sessions[session]?.calls[id]
    }
}

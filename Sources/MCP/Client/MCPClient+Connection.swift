import Logging
import ServiceLifecycle
import Synchronization

/// Finding out what the server speaks, and keeping the connection.
extension MCPClient {
    /// Connects and stays connected until the task is cancelled or a graceful shutdown begins. May run once.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.stayConnected() }
            group.addTask { await self.deliverCourtesies() }
            group.addTask {
                // Cancellation is the other way to end, not a failure.
                try? await gracefulShutdown()
            }
            group.addTask { await self.stopping.wait() }
            await group.next()
            group.cancelAll()
        }
        await self.close()
    }

    private func close() async {
        let (link, waiters, answers) = self.state.withLock { state in
            let link = state.session.link
            _ = state.session.close()
            defer {
                state.waiters = [:]
                state.answers = [:]
            }
            return (link, Array(state.waiters.values), Array(state.answers.values))
        }
        for waiter in waiters { waiter.finish(throwing: Self.closedError) }
        for answer in answers { answer.finish(throwing: Self.closedError) }
        self.courtesies.continuation.finish()
        if let link, link.sessionID != nil {
            await self.wire.delete(session: link, timeout: .seconds(2))
        }
    }

    private func stayConnected() async {
        var action = self.state.withLock { $0.session.start() }
        while !Task.isCancelled {
            switch action {
            case .perform(.openEventStream):
                action = await self.holdEventStream()
            case .perform(let step):
                action = self.probed(await self.probe(step))
            case .serve(let link):
                self.announce(link)
                action = await self.nextOrder() ?? .stop
            case .wait(let delay, let failure):
                self.logger.warning(
                    "MCP server not connected",
                    metadata: [
                        "error_code": .string(failure.code.description), "error": .string(failure.message),
                        "retry_after": "\(delay)",
                    ])
                if Self.isFinal(failure) { self.disappointWaiters(failure) }
                guard (try? await self.time.sleep(delay)) != nil else { return }
                action = self.state.withLock { $0.session.waited() }
            case .stop:
                return
            }
        }
    }

    /// Gives the connecting task something else to do.
    func give(_ order: MCPSession.ConnectAction) {
        self.state.withLock { state in
            let slot = state.orderSlot
            state.orderSlot = nil
            // A task that waited and was cancelled has left a slot that takes nothing any more.
            if case .enqueued = slot?.yield(order) { return }
            state.order = order
        }
    }

    /// Waits for the next order; `nil` when the task is cancelled.
    func nextOrder() async -> MCPSession.ConnectAction? {
        let (slot, continuation) = OrderSlot.makeStream()
        if let order = self.takeOrder(orWaitAt: continuation) { return order }
        for await order in slot { return order }
        return nil
    }

    func takeOrder(orWaitAt slot: OrderSlot.Continuation? = nil) -> MCPSession.ConnectAction? {
        self.state.withLock { state in
            defer { state.order = nil }
            state.orderSlot = state.order == nil ? slot : nil
            return state.order
        }
    }

    func probed(_ outcome: MCPSession.ProbeOutcome) -> MCPSession.ConnectAction {
        let now = self.time.now()
        let jitter = self.jitter()
        return self.state.withLock { $0.session.probed(outcome, now: now, jitter: jitter) }
    }

    /// Lets the waiting calls go.
    func announce(_ link: MCPSession.Link) {
        let waiters = self.state.withLock { state in
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        self.logger.debug(
            "MCP server connected",
            metadata: [
                "mcp_generation": .string(link.generation.rawValue), "mcp_version": .string(link.version.rawValue),
            ])
        for waiter in waiters {
            waiter.yield(link)
            waiter.finish()
        }
    }

    private func disappointWaiters(_ failure: MCPSession.Failure) {
        let waiters = self.state.withLock { state in
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.finish(throwing: failure.error) }
    }

    private func deliverCourtesies() async {
        for await courtesy in self.courtesies.stream {
            let url = courtesy.link.endpoint ?? self.configuration.url
            // Best effort: whoever gets it can do without it.
            _ = try? await self.wire.post(courtesy.message, to: url, link: courtesy.link, timeout: .seconds(2))
        }
    }

    private func probe(_ step: MCPSession.Step) async -> MCPSession.ProbeOutcome {
        do {
            switch step {
            case .discover(let version): return try await self.discover(version)
            case .initialize: return try await self.initialize()
            case .openEventStream: return .notSpoken("")
            }
        } catch let error as MCPError {
            switch error.code {
            case .protocolViolation, .tooLarge, .unknownOutcome: return .notSpoken(error.message)
            default: return .failed(.init(code: error.code, message: error.message))
            }
        } catch {
            return .failed(.init(code: .unreachable, message: "Connecting was interrupted"))
        }
    }

    private func discover(_ version: MCPProtocolVersion) async throws -> MCPSession.ProbeOutcome {
        let id = RequestID.string("discover")
        let answer = try await self.wire.exchange(
            .request(id: id, method: "server/discover", params: self.withEnvelope([:], version)), id: id, link: nil,
            headers: self.envelopeHeaders("server/discover", version), timeout: self.configuration.connectTimeout,
            isRepeatable: true)
        switch answer.message {
        case .result(_, let result) where answer.status == 200:
            guard let versions = result["supportedVersions"]?.arrayValue else {
                return .notSpoken("server/discover names no versions")
            }
            return .discovered(versions.compactMap(\.stringValue))
        case .error(_, let error) where error.code == JSONRPCError.unsupportedVersionCode:
            let versions = error.data?["supported"]?.arrayValue ?? []
            return .refusedVersion(supported: versions.compactMap(\.stringValue))
        case .error(_, let error) where error.isModern:
            return .failed(.init(code: .protocolViolation, message: "server/discover is refused: \(error.message)"))
        case .result, .error, .request, .notification, nil:
            return Self.outcome(of: answer)
        }
    }

    private func initialize() async throws -> MCPSession.ProbeOutcome {
        let id = RequestID.string("initialize")
        let answer = try await self.wire.exchange(
            .request(id: id, method: "initialize", params: self.initializeParams), id: id, link: nil,
            timeout: self.configuration.connectTimeout, isRepeatable: true)
        switch answer.message {
        case .result(_, let result) where answer.status == 200:
            guard let name = result["protocolVersion"]?.stringValue else {
                return .notSpoken("initialize names no version")
            }
            if let version = MCPProtocolVersion(rawValue: name) {
                let link = MCPSession.Link(
                    generation: .streamableHTTP, version: version, sessionID: answer.sessionID, epoch: 0)
                _ = try await self.wire.post(
                    .notification(method: "notifications/initialized", params: nil), to: self.configuration.url,
                    link: link, timeout: self.configuration.connectTimeout)
            }
            return .initialized(version: name, sessionID: answer.sessionID)
        case .error(_, let error) where error.code == JSONRPCError.unsupportedVersionCode:
            let versions = error.data?["supported"]?.arrayValue ?? []
            return .refusedVersion(supported: versions.compactMap(\.stringValue))
        case .result, .error, .request, .notification, nil:
            return Self.outcome(of: answer)
        }
    }

    var initializeParams: JSONValue {
        [
            "protocolVersion": .string(MCPProtocolVersion.latestWithHandshake.rawValue), "capabilities": [:],
            "clientInfo": self.configuration.clientInfo,
        ]
    }

    /// The verdict of an answer that is not what was hoped for.
    static func outcome(of answer: MCPWire.Answer) -> MCPSession.ProbeOutcome {
        switch answer.status {
        case 401, 403:
            return .failed(
                .init(code: .unauthorized, message: "The server refuses our credential (\(answer.status))"))
        case 429, 500...:
            return .failed(.init(code: .unreachable, message: "The server answers with status \(answer.status)"))
        default:
            if case .error(_, let error) = answer.message {
                return .notSpoken("status \(answer.status), error \(error.code) \(error.message.prefix(200))")
            }
            return .notSpoken("status \(answer.status)")
        }
    }
}

import CurlHTTP
import Logging
import ServerSentEvents
import Synchronization

/// The connection of HTTP+SSE: one event stream that all answers come on.
extension MCPClient {
    private enum StreamEnd {
        case action(MCPSession.ConnectAction)
        case ended(MCPSession.Failure, retry: Duration?)
        case nothing
    }

    /// Opens the event stream, shakes hands on it and stays until it is lost.
    func holdEventStream() async -> MCPSession.ConnectAction {
        let end = await withTaskGroup(of: StreamEnd.self) { group in
            group.addTask { await self.readEventStream() }
            group.addTask { await self.watchHandshake() }
            group.addTask { await self.nextOrder().map(StreamEnd.action) ?? .nothing }
            var end = StreamEnd.nothing
            for await result in group {
                switch (end, result) {
                case (_, .nothing): continue
                // An order was given because the state had changed already: it counts more than how the stream ended.
                case (.nothing, _), (.ended, .action): end = result
                case (.action, _), (.ended, .ended): break
                }
                group.cancelAll()
            }
            return end
        }
        self.abandonCalls()
        if let order = self.takeOrder() { return order }
        switch end {
        case .action(let action): return action
        case .ended(let failure, let retry): return self.streamLost(failure, retry)
        case .nothing: return .stop
        }
    }

    private func streamLost(_ failure: MCPSession.Failure, _ retry: Duration?) -> MCPSession.ConnectAction {
        let now = self.time.now()
        let jitter = self.jitter()
        let action = self.state.withLock { state in
            state.session.lost(
                epoch: state.session.link?.epoch, failure, retry: retry, now: now, jitter: jitter)
        }
        return action ?? .stop
    }

    /// Nothing that was asked on the stream is answered any more. Whether it was done, nobody knows: the server took
    /// the request before it dealt with it.
    private func abandonCalls() {
        let lost = self.state.withLock { state in
            defer { state.answers = [:] }
            _ = state.session.abandonAll()
            return Array(state.answers.values)
        }
        let error = MCPError(
            code: .unknownOutcome, message: "The connection to \(self.configuration) was lost before the answer came")
        for answer in lost { answer.finish(throwing: error) }
    }

    /// The stream itself has no deadline, but its opening and the handshake have.
    private func watchHandshake() async -> StreamEnd {
        guard (try? await self.time.sleep(self.configuration.connectTimeout)) != nil,
            self.state.withLock({ $0.session.link == nil })
        else { return .nothing }
        return .ended(.init(code: .timeout, message: "The event stream's handshake takes too long"), retry: nil)
    }

    private func readEventStream() async -> StreamEnd {
        do {
            return try await self.wire.withEventStream { stream in
                guard stream.status == 200, stream.contentType == "text/event-stream" else {
                    let answer = MCPWire.Answer(status: stream.status, sessionID: nil, message: nil)
                    return .action(self.probed(Self.outcome(of: answer)))
                }
                let retry = try await self.readEvents(stream)
                return .ended(.init(code: .unreachable, message: "The server ended the event stream"), retry: retry)
            }
        } catch let error as MCPError {
            return .ended(.init(code: error.code, message: error.message), retry: nil)
        } catch {
            return .nothing
        }
    }

    /// Reads until the stream ends; returns the wait that the server asked for.
    private func readEvents(_ stream: HTTPClientStream) async throws -> Duration? {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            var parser = ServerSentEventParser(maximumEventBytes: self.configuration.maximumMessageBytes)
            for try await chunk in stream.chunks {
                let now = self.time.now()
                self.state.withLock { $0.lastHeard = now }
                for event in try parser.consume(chunk) {
                    switch event.event {
                    case "endpoint":
                        guard let endpoint = EndpointAddress.resolve(event.data, against: self.configuration.url)
                        else {
                            throw MCPError(
                                code: .protocolViolation,
                                message: "The event stream names an endpoint of another origin")
                        }
                        if case .greet(let endpoint) = self.state.withLock({ $0.session.endpointNamed(endpoint) }) {
                            group.addTask { await self.greet(endpoint) }
                        }
                    case "message" where !event.data.isEmpty:
                        self.takeMessage(event.data)
                    default:
                        break
                    }
                }
            }
            return parser.reconnectionTime
        }
    }

    private func takeMessage(_ text: String) {
        do {
            let message = try MCPWire.message(in: Array(text.utf8))
            let link = self.state.withLock { $0.session.link ?? $0.session.greetingLink }
            if let link { self.received(message, on: link) }
        } catch {
            // One bad message says nothing about the next; whoever waited for it has a deadline.
            self.logger.warning("MCP message unreadable", metadata: ["error": .string(error.message)])
        }
    }

    /// Shakes hands, then pings whenever the stream has been silent for long.
    private func greet(_ endpoint: String) async {
        let greeting = MCPSession.Link(
            generation: .httpSSE, version: .latestWithHandshake, sessionID: nil, endpoint: endpoint, epoch: 0)
        do {
            let result = try await self.send(
                "initialize", params: self.initializeParams, on: greeting, isIdempotent: false)
            _ = try await self.wire.post(
                .notification(method: "notifications/initialized", params: nil), to: endpoint, link: greeting,
                timeout: self.configuration.connectTimeout)
            let version = result["protocolVersion"]?.stringValue ?? ""
            let now = self.time.now()
            guard case .serve(let link) = self.state.withLock({ $0.session.greeted(version: version, now: now) }) else {
                throw MCPError(
                    code: .unsupportedVersion, message: "The server insists on revision \(version.prefix(40))")
            }
            self.announce(link)
            try await self.pingWhenSilent(link)
        } catch let error as MCPError {
            self.endStream(.init(code: error.code, message: error.message))
        } catch let refused as ConnectionRefused {
            self.endStream(refused.failure)
        } catch {
            // Cancelled with the stream.
        }
    }

    private func pingWhenSilent(_ link: MCPSession.Link) async throws {
        let interval = self.configuration.pingInterval
        while true {
            let heard = self.state.withLock { $0.lastHeard }
            let silence = self.time.now() - heard
            if silence < interval {
                try await self.time.sleep(interval - silence)
                continue
            }
            let expired = MCPError(code: .unreachable, message: "The event stream is dead: a ping was not answered")
            do {
                _ = try await withDeadline(self.configuration.connectTimeout, self.time, expired: { expired }) {
                    try await self.send("ping", params: [:], on: link, isIdempotent: true)
                }
            } catch let error as MCPError where error.code == .rejected {
                // A server that does not know ping is alive all the same.
            }
        }
    }

    /// Makes the stream's task stop.
    private func endStream(_ failure: MCPSession.Failure) {
        let now = self.time.now()
        let jitter = self.jitter()
        let action = self.state.withLock { state in
            state.session.lost(epoch: state.session.link?.epoch, failure, now: now, jitter: jitter)
        }
        if let action { self.give(action) }
    }
}

import Synchronization
import TraceContext

/// How a request gets out and its answer back.
extension MCPClient {
    /// The request had no effect, because the server does not know the connection (any more).
    struct ConnectionRefused: Error {
        var failure: MCPSession.Failure
    }

    /// Runs an operation within a deadline that says why it passed.
    func withinDeadline<T: Sendable>(
        _ timeout: Duration?, _ operation: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let timeout = timeout ?? self.configuration.requestTimeout
        return try await withDeadline(timeout, self.time, expired: { self.expiry(timeout) }, operation)
    }

    private func expiry(_ timeout: Duration) -> MCPError {
        let (link, state, failure) = self.state.withLock { ($0.session.link, $0.session.state, $0.session.lastFailure) }
        if link != nil {
            return MCPError(code: .timeout, message: "\(self.configuration) gave no answer within \(timeout)")
        }
        let reason = failure?.message ?? (state == .idle ? "the client is not running" : "connecting takes too long")
        return MCPError(
            code: .unreachable, message: "No connection to \(self.configuration) within \(timeout): \(reason)")
    }

    /// Runs `body` with a connection, and again with another where that is safe.
    func retrying<T: Sendable>(
        isIdempotent: Bool, _ body: @Sendable (MCPSession.Link) async throws -> T
    ) async throws -> T {
        var retries = 0
        while true {
            let link = try await self.patientLink()
            do {
                return try await body(link)
            } catch let refused as ConnectionRefused {
                self.reportLost(link, refused.failure)
                guard retries < self.configuration.maximumRetries else { throw refused.failure.error }
            } catch let error as MCPError where error.code == .unknownOutcome {
                guard isIdempotent, retries < self.configuration.maximumRetries else { throw error }
                let backoff = ReconnectBackoff(range: self.configuration.reconnectDelay)
                try await self.time.sleep(backoff.delay(afterFailures: retries + 1, jitter: self.jitter()))
            }
            retries += 1
        }
    }

    /// The connection, waited for no longer than the configuration's patience.
    private func patientLink() async throws -> MCPSession.Link {
        if let link = self.state.withLock({ $0.session.link }) { return link }
        guard let patience = self.configuration.connectionPatience else { return try await self.waitForLink() }
        return try await withDeadline(patience, self.time, expired: { self.expiry(patience) }) {
            try await self.waitForLink()
        }
    }

    /// The connection, as soon as there is one.
    private func waitForLink() async throws -> MCPSession.Link {
        enum Wait {
            case ready(MCPSession.Link)
            case wait(Int)
            case fail(MCPError)
        }
        let (slot, continuation) = LinkSlot.makeStream()
        let wait: Wait = self.state.withLock { state in
            if let link = state.session.link { return .ready(link) }
            if state.session.state == .closed { return .fail(Self.closedError) }
            if let failure = state.session.lastFailure, Self.isFinal(failure) { return .fail(failure.error) }
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = continuation
            return .wait(state.nextWaiter)
        }
        switch wait {
        case .ready(let link): return link
        case .fail(let error): throw error
        case .wait(let number):
            defer { self.state.withLock { state in _ = state.waiters.removeValue(forKey: number) } }
            for try await link in slot { return link }
            throw CancellationError()
        }
    }

    static let closedError = MCPError(code: .closed, message: "The client was shut down")

    /// Failures that waiting does not mend: calls need not sit out their deadline.
    static func isFinal(_ failure: MCPSession.Failure) -> Bool {
        [.unauthorized, .unsupportedVersion, .protocolViolation].contains(failure.code)
    }

    /// Sends a request on `link` and returns its result.
    func send(
        _ method: String, params: JSONValue, headers: [(name: String, value: String)] = [], on link: MCPSession.Link,
        isIdempotent: Bool
    ) async throws -> JSONValue {
        let id = self.state.withLock { $0.session.began(on: link.epoch) }
        let params = Self.withTrace(params)
        do {
            let message: JSONRPCMessage
            switch link.generation {
            case .stateless:
                message = try await self.post(
                    .request(id: id, method: method, params: self.withEnvelope(params, link.version)), id,
                    headers: self.envelopeHeaders(method, link.version) + headers, link, isIdempotent)
            case .streamableHTTP:
                message = try await self.post(
                    .request(id: id, method: method, params: params), id, headers: headers, link, isIdempotent)
            case .httpSSE:
                message = try await self.postForStream(.request(id: id, method: method, params: params), id, link)
            }
            self.state.withLock { _ = $0.session.ended(id) }
            switch message {
            case .result(_, let result): return result
            case .error(_, let error): throw self.rejection(error)
            case .request, .notification:
                throw MCPError(code: .protocolViolation, message: "The server gave no answer but a message")
            }
        } catch let error as CancellationError {
            self.giveUp(id, link)
            throw error
        } catch {
            self.state.withLock { _ = $0.session.ended(id) }
            throw error
        }
    }

    /// Tells the server that nobody waits any more. The caller's task is cancelled, so another one has to send it.
    private func giveUp(_ id: RequestID, _ link: MCPSession.Link) {
        let notice = self.state.withLock { state in
            state.answers[id] = nil
            return state.session.cancelled(id, reason: "The caller gave up")
        }
        if let notice { self.courtesies.continuation.yield(Courtesy(link: link, message: notice)) }
    }

    /// One exchange of a POST generation.
    private func post(
        _ request: JSONRPCMessage, _ id: RequestID, headers: [(name: String, value: String)], _ link: MCPSession.Link,
        _ isIdempotent: Bool
    ) async throws -> JSONRPCMessage {
        let answer = try await self.wire.exchange(
            request, id: id, link: link, headers: headers, timeout: nil, isRepeatable: isIdempotent,
            onMessage: { self.received($0, on: link) })
        if answer.status == 404, link.sessionID != nil {
            throw ConnectionRefused(failure: .init(code: .unreachable, message: "The server forgot the session"))
        }
        if case .error(_, let error) = answer.message, error.code == JSONRPCError.unsupportedVersionCode {
            throw ConnectionRefused(failure: .init(code: .unsupportedVersion, message: error.message))
        }
        if let message = answer.message { return message }
        throw self.refusal(status: answer.status, link)
    }

    /// One request of HTTP+SSE: POSTed here, answered on the event stream.
    func postForStream(
        _ request: JSONRPCMessage, _ id: RequestID, _ link: MCPSession.Link
    ) async throws -> JSONRPCMessage {
        let (slot, continuation) = AnswerSlot.makeStream()
        self.state.withLock { $0.answers[id] = continuation }
        defer { self.state.withLock { $0.answers[id] = nil } }
        let status = try await self.wire.post(
            request, to: link.endpoint ?? self.configuration.url, link: link, timeout: nil)
        guard (200..<300).contains(status) else {
            if status == 404 {
                throw ConnectionRefused(failure: .init(code: .unreachable, message: "The server forgot the session"))
            }
            throw self.refusal(status: status, link)
        }
        for try await message in slot { return message }
        throw CancellationError()
    }

    /// What a status without a JSON-RPC message means.
    private func refusal(status: Int, _ link: MCPSession.Link) -> any Error {
        let name = self.configuration.description
        switch status {
        case 401, 403: return MCPError(code: .unauthorized, message: "\(name) refuses our credential (\(status))")
        case 413: return MCPError(code: .tooLarge, message: "The request is too large for \(name)")
        case 429, 503: return MCPError(code: .overloaded, message: "\(name) is overloaded (\(status))")
        case 202: return MCPError(code: .cancelled, message: "\(name) gave the request up")
        case 400, 404, 405, 406, 415, 421:
            // The era of a server may change when it is replaced (2026-07-28, Versioning): look again.
            return ConnectionRefused(
                failure: .init(code: .unreachable, message: "\(name) does not take the request (\(status))"))
        case 500...: return MCPError(code: .unknownOutcome, message: "\(name) failed (\(status))")
        default: return MCPError(code: .protocolViolation, message: "\(name) answered with status \(status)")
        }
    }

    private func rejection(_ error: JSONRPCError) -> MCPError {
        let message = "\(self.configuration): \(error.message.prefix(500))"
        switch error.code {
        case JSONRPCError.overloadedCode: return MCPError(code: .overloaded, message: message, data: error.json)
        case JSONRPCError.invalidParamsCode where error.message.hasPrefix("Unknown tool"):
            return MCPError(code: .unknownTool, message: message, data: error.json)
        default: return MCPError(code: .rejected, message: message, data: error.json)
        }
    }

    /// A message that is no answer to the exchange it came in.
    func received(_ message: JSONRPCMessage, on link: MCPSession.Link) {
        let action = self.state.withLock { state in
            let action = state.session.received(message)
            if case .deliver(let id, let answer) = action {
                let slot = state.answers.removeValue(forKey: id)
                slot?.yield(answer)
                slot?.finish()
            }
            return action
        }
        if case .reply(let reply) = action {
            self.courtesies.continuation.yield(Courtesy(link: link, message: reply))
        }
    }

    /// A call found that the connection is of no use.
    func reportLost(_ link: MCPSession.Link, _ failure: MCPSession.Failure) {
        let now = self.time.now()
        let jitter = self.jitter()
        let action = self.state.withLock { $0.session.lost(epoch: link.epoch, failure, now: now, jitter: jitter) }
        if let action { self.give(action) }
    }

    /// Parameters with what every stateless request tells about itself (2026-07-28, General fields).
    func withEnvelope(_ params: JSONValue, _ version: MCPProtocolVersion) -> JSONValue {
        var members = params.objectValue ?? [:]
        var meta = members["_meta"]?.objectValue ?? [:]
        meta[MetaKey.protocolVersion] = .string(version.rawValue)
        meta[MetaKey.clientInfo] = self.configuration.clientInfo
        meta[MetaKey.clientCapabilities] = [:]
        members["_meta"] = .object(meta)
        return .object(members)
    }

    /// Parameters with the trace of the present task, where there is one: a server behind a proxy or on an event stream
    /// sees the message, not our headers.
    private static func withTrace(_ params: JSONValue) -> JSONValue {
        guard let span = SpanContext.current else { return params }
        var members = params.objectValue ?? [:]
        var meta = members["_meta"]?.objectValue ?? [:]
        meta["traceparent"] = .string(span.traceparent)
        if let state = span.state { meta["tracestate"] = .string(state.text) }
        members["_meta"] = .object(meta)
        return .object(members)
    }

    func envelopeHeaders(_ method: String, _ version: MCPProtocolVersion) -> [(name: String, value: String)] {
        [("MCP-Protocol-Version", version.rawValue), ("Mcp-Method", method)]
    }
}

extension MCPError {
    var isHeaderMismatch: Bool { self.data?["code"]?.intValue == JSONRPCError.headerMismatchCode }
}

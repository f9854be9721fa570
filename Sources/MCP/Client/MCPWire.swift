import CurlHTTP
import ServerSentEvents

/// Carries JSON-RPC messages over HTTP: what a POST sends, and in which forms its answer comes.
struct MCPWire: Sendable {
    let http: HTTPClient
    let configuration: MCPClientConfiguration
    let time: MCPTime

    /// What came back for a POST.
    struct Answer: Sendable {
        var status: Int
        /// The session that the answer's header names.
        var sessionID: String?
        /// The JSON-RPC answer to the request, where there was one.
        var message: JSONRPCMessage?
    }

    private enum Outcome {
        case answer(Answer)
        /// An event stream ended before the answer came.
        case interrupted
    }

    /// Where an event stream broke off and how to take it up again.
    private struct ResumePoint {
        var lastEventID = ""
        var retry: Duration?
    }

    /// POSTs a request and reads its answer: a JSON body, or the answer among the events of a stream.
    ///
    /// Other messages of that stream go to `onMessage`. On a session whose server numbers its events, a stream that
    /// broke off is resumed (2025-11-25, Resumability and Redelivery). Without `timeout` the caller sees to the deadline
    /// by cancelling.
    func exchange(
        _ request: JSONRPCMessage, id: RequestID, link: MCPSession.Link?,
        headers: [(name: String, value: String)] = [], timeout: Duration?, isRepeatable: Bool,
        onMessage: @escaping @Sendable (JSONRPCMessage) -> Void = { _ in }
    ) async throws -> Answer {
        var post = self.request("POST", self.configuration.url, link: link, headers: headers, timeout: timeout)
        post.body = request.json.serialized()
        post.isRepeatable = isRepeatable
        var point = ResumePoint()
        var outcome = try await self.once(post, id, &point, onMessage)
        var fruitless = 0
        while true {
            if case .answer(let answer) = outcome { return answer }
            guard let link, link.generation == .streamableHTTP, !point.lastEventID.isEmpty, fruitless < 4 else {
                throw MCPError(code: .unknownOutcome, message: "The stream ended before the answer came")
            }
            try await self.time.sleep(min(point.retry ?? .seconds(1), self.configuration.reconnectDelay.upperBound))
            let before = point.lastEventID
            outcome = try await self.resume(link, id, &point, timeout, onMessage)
            fruitless = point.lastEventID == before ? fruitless + 1 : 0
        }
    }

    private func resume(
        _ link: MCPSession.Link, _ id: RequestID, _ point: inout ResumePoint, _ timeout: Duration?,
        _ onMessage: @escaping @Sendable (JSONRPCMessage) -> Void
    ) async throws -> Outcome {
        var get = self.request("GET", self.configuration.url, link: link, headers: [], timeout: timeout)
        get.headers.append(("Last-Event-ID", point.lastEventID))
        do {
            let outcome = try await self.once(get, id, &point, onMessage)
            if case .answer(let answer) = outcome, answer.message == nil {
                throw MCPError(
                    code: .unknownOutcome, message: "The stream could not be resumed: status \(answer.status)")
            }
            return outcome
        } catch let error as MCPError where error.code == .unreachable {
            return .interrupted
        }
    }

    /// POSTs a message whose answer, if any, comes another way. Returns the status.
    func post(
        _ message: JSONRPCMessage, to url: String, link: MCPSession.Link?,
        headers: [(name: String, value: String)] = [], timeout: Duration?
    ) async throws -> Int {
        var post = self.request("POST", url, link: link, headers: headers, timeout: timeout)
        post.body = message.json.serialized()
        post.maximumResponseBytes = 1 << 20
        do {
            return try await self.http.execute(post).status
        } catch let error as HTTPClientError {
            throw Self.translated(error)
        }
    }

    /// Tells the server that a session is not needed any more; what it answers does not matter.
    func delete(session link: MCPSession.Link, timeout: Duration) async {
        let delete = self.request("DELETE", self.configuration.url, link: link, headers: [], timeout: timeout)
        _ = try? await self.http.execute(delete)
    }

    /// GETs the event stream of HTTP+SSE; it has no end, so no deadline.
    func withEventStream<T: Sendable>(_ body: (HTTPClientStream) async throws -> T) async throws -> T {
        var get = self.request("GET", self.configuration.url, link: nil, headers: [], timeout: nil)
        get.headers = get.headers.filter { $0.name != "Accept" } + [("Accept", "text/event-stream")]
        get.maximumResponseBytes = .max
        do {
            return try await self.http.withStream(get, body)
        } catch let error as HTTPClientError {
            throw Self.translated(error)
        } catch let error as ServerSentEventError {
            throw MCPError(code: .tooLarge, message: error.message, underlying: error)
        }
    }

    private func request(
        _ method: String, _ url: String, link: MCPSession.Link?, headers: [(name: String, value: String)],
        timeout: Duration?
    ) -> HTTPClientRequest {
        var fields = headers
        fields.append(("Accept", "application/json, text/event-stream"))
        if method == "POST" { fields.append(("Content-Type", "application/json")) }
        if let token = self.configuration.bearerToken { fields.append(("Authorization", "Bearer \(token)")) }
        if let link, link.generation == .streamableHTTP {
            fields.append(("MCP-Protocol-Version", link.version.rawValue))
            if let sessionID = link.sessionID { fields.append(("Mcp-Session-Id", sessionID)) }
        }
        return HTTPClientRequest(
            method: method, url: url, headers: fields, timeout: timeout,
            connectTimeout: self.configuration.connectTimeout,
            maximumResponseBytes: self.configuration.maximumMessageBytes)
    }

    private func once(
        _ request: HTTPClientRequest, _ id: RequestID, _ point: inout ResumePoint,
        _ onMessage: @escaping @Sendable (JSONRPCMessage) -> Void
    ) async throws -> Outcome {
        do {
            return try await self.http.withStream(request) { stream in
                var answer = Answer(status: stream.status, sessionID: try Self.sessionID(stream.headers))
                switch (stream.status, stream.contentType) {
                case (200, "text/event-stream"):
                    guard let message = try await self.readEvents(stream, id, &point, onMessage) else {
                        return .interrupted
                    }
                    answer.message = message
                case (_, "application/json"):
                    let body = try await stream.collect(maximumBytes: self.configuration.maximumMessageBytes)
                    answer.message = try Self.answer(in: body, to: id, isSuccess: stream.status == 200)
                default:
                    break
                }
                return .answer(answer)
            }
        } catch let error as HTTPClientError {
            throw Self.translated(error)
        } catch let error as ServerSentEventError {
            throw MCPError(code: .tooLarge, message: error.message, underlying: error)
        }
    }

    private func readEvents(
        _ stream: HTTPClientStream, _ id: RequestID, _ point: inout ResumePoint,
        _ onMessage: @escaping @Sendable (JSONRPCMessage) -> Void
    ) async throws -> JSONRPCMessage? {
        var parser = ServerSentEventParser(maximumEventBytes: self.configuration.maximumMessageBytes)
        defer {
            if !parser.lastEventID.isEmpty { point.lastEventID = parser.lastEventID }
            point.retry = parser.reconnectionTime ?? point.retry
        }
        do {
            for try await chunk in stream.chunks {
                for event in try parser.consume(chunk) where event.event == "message" && !event.data.isEmpty {
                    let message = try Self.message(in: Array(event.data.utf8))
                    switch message {
                    case .result(id, _), .error(id, _), .error(nil, _): return message
                    case .result, .error, .request, .notification: onMessage(message)
                    }
                }
            }
        } catch let error as HTTPClientError where error.code == .connectionLost {
            return nil
        }
        return nil
    }

    /// Reads the JSON body of an answer. What a failed exchange says may be anything; a success must be to the point.
    private static func answer(
        in body: [UInt8], to id: RequestID, isSuccess: Bool
    ) throws(MCPError) -> JSONRPCMessage? {
        guard isSuccess else {
            guard let value = try? JSONValue(parsing: body), let message = try? JSONRPCMessage(value),
                case .error = message
            else { return nil }
            return message
        }
        let message = try self.message(in: body)
        switch message {
        case .result(id, _), .error(id, _), .error(nil, _): return message
        case .result, .error, .request, .notification:
            throw MCPError(code: .protocolViolation, message: "The server answered another request than ours")
        }
    }

    static func message(in bytes: [UInt8]) throws(MCPError) -> JSONRPCMessage {
        do {
            return try JSONRPCMessage(JSONValue(parsing: bytes))
        } catch let error as JSONParsingError {
            throw MCPError(
                code: .protocolViolation, message: "The server sent no JSON: \(error.description)", underlying: error)
        } catch {
            throw MCPError(
                code: .protocolViolation, message: "The server sent no JSON-RPC message", underlying: error)
        }
    }

    /// 2025-11-25, Session Management: visible ASCII only.
    private static func sessionID(_ headers: HTTPClientHeaders) throws(MCPError) -> String? {
        guard let id = headers.first("Mcp-Session-Id") else { return nil }
        guard !id.isEmpty, id.utf8.count <= 1024, id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw MCPError(code: .protocolViolation, message: "The server gave a malformed session id")
        }
        return id
    }

    static func translated(_ error: HTTPClientError) -> any Error {
        let code: MCPError.Code
        switch error.code {
        case .cancelled: return CancellationError()
        case .connectionLost: code = .unknownOutcome
        case .timeout: code = .timeout
        case .tooLarge: code = .tooLarge
        case .malformedURL, .invalidRequest: code = .invalidArgument
        case .protocolViolation, .tooManyRedirects: code = .protocolViolation
        case .clientClosed: code = .closed
        default: code = .unreachable
        }
        return MCPError(code: code, message: error.message, underlying: error)
    }
}

extension HTTPClientStream {
    /// The media type of the body, without its parameters.
    var contentType: String {
        String((self.headers.first("Content-Type") ?? "").prefix { $0 != ";" }).trimmingSpaces.lowercased()
    }
}

import CurlHTTP
import FoundationEssentials

/// Sends requests to an endpoint and turns everything that is not a sound answer into ``LanguageModelError``.
struct OpenAIConnection: Sendable {
    let endpoint: OpenAIEndpoint
    let http: HTTPClient
    let now: @Sendable () -> Date

    /// Posts `body` as JSON and returns the body of a successful answer.
    func post(_ path: String, _ body: some Encodable, timeout: Duration?, maximumBytes: Int) async throws -> [UInt8] {
        var request = try self.request(path, body, timeout: timeout)
        request.maximumResponseBytes = maximumBytes
        do {
            let response = try await self.http.execute(request)
            try self.check(status: response.status, headers: response.headers, body: response.body)
            return response.body
        } catch let error as HTTPClientError {
            throw self.translated(error)
        }
    }

    /// The body of a successful answer to GET.
    func get(_ path: String, timeout: Duration, maximumBytes: Int) async throws -> [UInt8] {
        let request = HTTPClientRequest(
            url: self.url(path), headers: self.credential, timeout: timeout,
            connectTimeout: self.endpoint.connectTimeout, maximumResponseBytes: maximumBytes)
        do {
            let response = try await self.http.execute(request)
            try self.check(status: response.status, headers: response.headers, body: response.body)
            return response.body
        } catch let error as HTTPClientError {
            throw self.translated(error)
        }
    }

    private var credential: [(name: String, value: String)] {
        self.endpoint.key.map { [("Authorization", "Bearer \($0.value)")] } ?? []
    }

    private func url(_ path: String) -> String {
        var base = self.endpoint.baseURL[...]
        while base.last == "/" { base = base.dropLast() }
        return "\(base)\(path)"
    }

    /// Posts `body` as JSON and hands over the stream of a successful answer.
    func stream<T: Sendable>(
        _ path: String, _ body: some Encodable, timeout: Duration?, _ read: (HTTPClientStream) async throws -> T
    ) async throws -> T {
        var request = try self.request(path, body, timeout: timeout)
        request.headers.append(("Accept", "text/event-stream, application/json"))
        request.idleTimeout = self.endpoint.idleTimeout
        request.maximumResponseBytes = self.endpoint.maximumAnswerBytes
        do {
            return try await self.http.withStream(request) { stream in
                if stream.status / 100 != 2 {
                    let body = try await stream.collect(maximumBytes: self.endpoint.maximumAnswerBytes)
                    try self.check(status: stream.status, headers: stream.headers, body: body)
                }
                return try await read(stream)
            }
        } catch let error as HTTPClientError {
            throw self.translated(error)
        }
    }

    /// Decodes an answer; what it is not is said without quoting it.
    func decode<T: Decodable>(_ type: T.Type, from body: [UInt8]) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            // Some gateways answer 200 and put the failure into the body.
            if let failure = ProviderErrorBody(body) { throw self.failure(failure, status: 200, retryAfter: nil) }
            throw LanguageModelError.malformed("\(self.address): \(Self.place(of: error))")
        }
    }

    /// The error for what a provider reports in the middle of a stream.
    func failure(_ body: ProviderErrorBody, status: Int, retryAfter: Duration?) -> LanguageModelError {
        let status = status == 200 ? body.status ?? 500 : status
        let retryAfter = retryAfter ?? body.retryAfter
        let words = body.message.map { ": \(self.withoutKey($0))" } ?? ""
        let message = "\(self.address) answered \(status)\(words)"
        func error(_ code: LanguageModelError.Code, isTransient: Bool) -> LanguageModelError {
            LanguageModelError(
                code: code, message: message, isTransient: isTransient, retryAfter: retryAfter, status: status)
        }
        switch status {
        case 401, 403: return error(.unauthorized, isTransient: false)
        case 408: return error(.timeout, isTransient: true)
        case 429: return error(.rateLimited(retryAfter: retryAfter), isTransient: !body.isQuotaExhausted)
        case 501: return error(.rejected, isTransient: false)
        case 500...: return error(.serverError, isTransient: true)
        default: return error(body.isRefusal ? .refused : .rejected, isTransient: false)
        }
    }

    var address: String {
        // The base URL may carry credentials of a gateway.
        let withoutQuery = self.endpoint.baseURL.prefix { $0 != "?" && $0 != "#" }
        guard let at = withoutQuery.lastIndex(of: "@") else { return String(withoutQuery) }
        return String(withoutQuery[withoutQuery.index(after: at)...])
    }

    private func request(_ path: String, _ body: some Encodable, timeout: Duration?) throws -> HTTPClientRequest {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let headers = [(name: "Content-Type", value: "application/json")] + self.credential
        let bytes: [UInt8]
        do {
            bytes = try [UInt8](encoder.encode(body))
        } catch {
            throw LanguageModelError(
                code: .rejected, message: "the request holds a number that JSON cannot carry", isTransient: false)
        }
        return HTTPClientRequest(
            method: "POST", url: self.url(path), headers: headers, body: bytes,
            timeout: timeout ?? self.endpoint.timeout, connectTimeout: self.endpoint.connectTimeout)
    }

    private func check(status: Int, headers: HTTPClientHeaders, body: [UInt8]) throws {
        guard status / 100 != 2 else { return }
        throw self.failure(
            ProviderErrorBody(body) ?? ProviderErrorBody(), status: status,
            retryAfter: RetryAfter.duration(
                retryAfter: headers.first("retry-after"), milliseconds: headers.first("retry-after-ms"), now: self.now()
            ))
    }

    private func translated(_ error: HTTPClientError) -> LanguageModelError {
        let code: LanguageModelError.Code
        switch error.code {
        case .timeout: code = .timeout
        case .tooLarge: code = .tooLarge
        case .cancelled: code = .cancelled
        case .malformedURL, .invalidRequest: code = .rejected
        case .protocolViolation: code = .malformedAnswer
        default: code = .unreachable
        }
        return LanguageModelError(code: code, message: error.message, isTransient: error.isTransient)
    }

    private func withoutKey(_ text: String) -> String {
        guard let key = self.endpoint.key?.value else { return text }
        return text.replacing(key, with: "***")
    }

    private static func place(of error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.prefix(8).map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "the answer" : "\(path) of the answer"
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): return "\(path(context)) lacks \(key.stringValue)"
        case .valueNotFound(_, let context): return "\(path(context)) is null"
        case .typeMismatch(_, let context): return "\(path(context)) has another type"
        case .dataCorrupted, nil: return "the answer is not valid JSON"
        @unknown default: return "the answer cannot be read"
        }
    }
}

public import CurlHTTP
public import FoundationEssentials
import ServerSentEvents

/// A chat model behind `POST {base}/chat/completions` (OpenAI, Gemini, Ollama, llama.cpp, vLLM).
public struct OpenAIChatModel: ChatModel {
    /// The field that carries a request's token limit: OpenAI's newer models know only the second.
    public enum TokenLimitField: Sendable {
        case maxTokens, maxCompletionTokens
    }

    public let name: String
    private let connection: OpenAIConnection
    private let streams: Bool
    private let tokenLimitField: TokenLimitField
    private let limits: any ModelLimits
    private let observer: any LanguageModelObserver

    /// - Parameters:
    ///   - streams: whether ``complete(_:)`` reads the answer as a stream, which notices a silent provider by the
    ///     endpoint's idle timeout.
    ///   - limits: asked before every request.
    ///   - now: the time that a `Retry-After` date is compared with.
    public init(
        endpoint: OpenAIEndpoint, model: String, streams: Bool = true, tokenLimitField: TokenLimitField = .maxTokens,
        http: HTTPClient, limits: any ModelLimits = UnlimitedModels(),
        observer: any LanguageModelObserver = SilentModelObserver(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.name = model
        self.connection = OpenAIConnection(endpoint: endpoint, http: http, now: now)
        self.streams = streams
        self.tokenLimitField = tokenLimitField
        self.limits = limits
        self.observer = observer
    }

    public func complete(_ request: ChatRequest) async throws -> ChatCompletion {
        try await self.observed(request) {
            if self.streams { return try await self.streamed(request) { _ in } }
            let body = try await self.connection.post(
                "/chat/completions", self.wire(request), timeout: request.timeout,
                maximumBytes: self.connection.endpoint.maximumAnswerBytes)
            return try self.completion(of: body)
        }
    }

    /// Like ``complete(_:)``, and hands over each piece of text as it arrives. Throws what `receive` throws, too.
    public func complete(
        _ request: ChatRequest, receivingText receive: (String) async throws -> Void
    ) async throws -> ChatCompletion {
        try await self.observed(request) { try await self.streamed(request, receive) }
    }

    private func streamed(
        _ request: ChatRequest, _ receive: (String) async throws -> Void
    ) async throws -> ChatCompletion {
        var wire = self.wire(request)
        wire.stream = true
        wire.streamOptions = .init(includeUsage: true)
        return try await self.connection.stream("/chat/completions", wire, timeout: request.timeout) { stream in
            let type = stream.headers.first("content-type")?.lowercased() ?? ""
            guard type.hasPrefix("text/event-stream") else {
                // Not every server streams because it is asked to.
                let body = try await stream.collect(maximumBytes: self.connection.endpoint.maximumAnswerBytes)
                let completion = try self.completion(of: body)
                try await receive(completion.text)
                return completion
            }
            return try await self.read(stream.chunks, receive)
        }
    }

    private func read(
        _ chunks: HTTPClientStream.Chunks, _ receive: (String) async throws -> Void
    ) async throws -> ChatCompletion {
        var parser = ServerSentEventParser(maximumEventBytes: 1 << 20)
        var assembler = self.assembler
        do {
            for try await chunk in chunks {
                for event in try parser.consume(chunk) {
                    if event.data == "[DONE]" { return try assembler.completion(isDone: true) }
                    let text = try assembler.received(
                        try self.connection.decode(ChatWireAnswer.self, from: Array(event.data.utf8)))
                    if !text.isEmpty { try await receive(text) }
                }
            }
        } catch let error as ServerSentEventError {
            throw LanguageModelError(code: .tooLarge, message: error.message, isTransient: false)
        } catch let error as HTTPClientError where error.code == .connectionLost {
            return try assembler.completion(isDone: false)
        }
        return try assembler.completion(isDone: false)
    }

    private func completion(of body: [UInt8]) throws -> ChatCompletion {
        let answer = try self.connection.decode(ChatWireAnswer.self, from: body)
        guard !answer.choices.isEmpty else { throw LanguageModelError.malformed("the answer has no choices") }
        var assembler = self.assembler
        _ = try assembler.received(answer)
        return try assembler.completion()
    }

    private var assembler: ChatAssembler {
        ChatAssembler(requestedModel: self.name, maximumBytes: self.connection.endpoint.maximumAnswerBytes)
    }

    private func wire(_ request: ChatRequest) -> ChatWireRequest {
        ChatWireRequest(
            model: self.name, messages: request.messages, temperature: request.temperature,
            maxTokens: self.tokenLimitField == .maxTokens ? request.maximumTokens : nil,
            maxCompletionTokens: self.tokenLimitField == .maxCompletionTokens ? request.maximumTokens : nil,
            seed: request.seed, stop: request.stop.isEmpty ? nil : request.stop)
    }

    private func observed(
        _ request: ChatRequest, _ body: () async throws -> ChatCompletion
    ) async throws -> ChatCompletion {
        let estimate = TokenEstimate.tokens(request.messages) + (request.maximumTokens ?? TokenEstimate.answer)
        return try await self.limits.withRequest(tokens: estimate) {
            let completion = try await self.observed(body)
            let counts = [completion.promptTokens, completion.completionTokens].compactMap { $0 }
            return (completion, counts.count == 2 ? counts[0] + counts[1] : nil)
        }
    }

    private func observed(_ body: () async throws -> ChatCompletion) async throws -> ChatCompletion {
        let start = ContinuousClock.now
        func report(_ failure: LanguageModelError.Code?, _ completion: ChatCompletion?) {
            self.observer.finished(
                ModelRequestReport(
                    operation: .chat, model: self.name, duration: start.duration(to: .now), failure: failure,
                    promptTokens: completion?.promptTokens, completionTokens: completion?.completionTokens))
        }
        do {
            let completion = try await body()
            report(nil, completion)
            return completion
        } catch {
            report((error as? LanguageModelError)?.code ?? .cancelled, nil)
            throw error
        }
    }
}

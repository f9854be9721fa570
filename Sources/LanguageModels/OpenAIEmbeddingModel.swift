public import CurlHTTP
public import FoundationEssentials

/// An embedding model behind `POST {base}/embeddings`.
public struct OpenAIEmbeddingModel: EmbeddingModel {
    public let name: String
    public let dimension: Int
    private let connection: OpenAIConnection
    private let sendsDimension: Bool
    private let maximumBatchCount: Int
    private let maximumBatchBytes: Int
    private let limits: any ModelLimits
    private let observer: any LanguageModelObserver

    /// - Parameters:
    ///   - dimension: what the model answers with; anything else is an error.
    ///   - sendsDimension: whether to ask for that dimension, for models that can shorten their vectors.
    ///   - maximumBatchCount: the most texts of one request.
    ///   - maximumBatchBytes: the most bytes (UTF-8) of the texts of one request; a longer text goes alone.
    ///   - limits: asked before every request.
    ///   - now: the time that a `Retry-After` date is compared with.
    public init(
        endpoint: OpenAIEndpoint, model: String, dimension: Int, sendsDimension: Bool = false,
        maximumBatchCount: Int = 64, maximumBatchBytes: Int = 256 << 10, http: HTTPClient,
        limits: any ModelLimits = UnlimitedModels(), observer: any LanguageModelObserver = SilentModelObserver(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.name = model
        self.dimension = dimension
        self.connection = OpenAIConnection(endpoint: endpoint, http: http, now: now)
        self.sendsDimension = sendsDimension
        self.maximumBatchCount = max(1, maximumBatchCount)
        self.maximumBatchBytes = maximumBatchBytes
        self.limits = limits
        self.observer = observer
    }

    public func embed(_ texts: [String]) async throws -> [[Float]] {
        if let empty = texts.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            // Providers disagree on what an empty text means, and some answer zeros.
            throw LanguageModelError(code: .rejected, message: "text \(empty) is empty", isTransient: false)
        }
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        for batch in EmbeddingBatches.split(
            texts, maximumCount: self.maximumBatchCount, maximumBytes: self.maximumBatchBytes)
        {
            let bytes = texts[batch].reduce(0) { $0 + $1.utf8.count }
            vectors += try await self.limits.withRequest(tokens: TokenEstimate.tokens(bytes: bytes)) {
                try await self.embedBatch(Array(texts[batch]))
            }
        }
        return vectors
    }

    private func embedBatch(_ texts: [String]) async throws -> (value: [[Float]], tokens: Int?) {
        let start = ContinuousClock.now
        var tokens: Int?
        func report(_ failure: LanguageModelError.Code?) {
            self.observer.finished(
                ModelRequestReport(
                    operation: .embeddings, model: self.name, duration: start.duration(to: .now), failure: failure,
                    promptTokens: tokens, completionTokens: nil))
        }
        do {
            let request = EmbeddingWireRequest(
                model: self.name, input: texts, dimensions: self.sendsDimension ? self.dimension : nil)
            // A component is written with up to 24 characters.
            let body = try await self.connection.post(
                "/embeddings", request, timeout: nil,
                maximumBytes: max(self.connection.endpoint.maximumAnswerBytes, texts.count * self.dimension * 32))
            let answer = try self.connection.decode(EmbeddingWireAnswer.self, from: body)
            tokens = answer.usage?.promptTokens
            let vectors = try answer.vectors(count: texts.count, dimension: self.dimension)
            report(nil)
            return (vectors, tokens)
        } catch {
            report((error as? LanguageModelError)?.code ?? .cancelled)
            throw error
        }
    }
}

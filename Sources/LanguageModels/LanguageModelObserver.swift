/// Learns of every request to a provider, failed ones included: for metrics and costs.
public protocol LanguageModelObserver: Sendable {
    func finished(_ report: ModelRequestReport)
}

/// One request to a provider, in numbers.
public struct ModelRequestReport: Sendable {
    public enum Operation: String, Sendable {
        case chat, embeddings
    }

    public var operation: Operation
    public var model: String
    public var duration: Duration
    /// `nil` for success.
    public var failure: LanguageModelError.Code?
    public var promptTokens: Int?
    public var completionTokens: Int?
}

/// Takes no notice.
public struct SilentModelObserver: LanguageModelObserver {
    public init() {}
    public func finished(_ report: ModelRequestReport) {}
}

/// Why a model stopped writing.
public enum FinishReason: Hashable, Sendable {
    /// It had said everything, or met a stop text.
    case stop
    /// It met the token limit: the text is not complete.
    case length
    /// The provider withheld the rest.
    case contentFilter
    /// A reason of the provider's own, or none (an empty string).
    case other(String)

    init(wire: String?) {
        switch wire?.lowercased() {
        case "stop", "eos": self = .stop
        case "length", "max_tokens": self = .length
        case "content_filter", "safety": self = .contentFilter
        case let reason: self = .other(String((reason ?? "").prefix(64)))
        }
    }
}

/// A model's answer, never without text.
public struct ChatCompletion: Hashable, Sendable {
    public var text: String
    public var finishReason: FinishReason
    /// Tokens of the question, where the provider counts them.
    public var promptTokens: Int?
    /// Tokens of the answer, where the provider counts them.
    public var completionTokens: Int?
    /// The model as the provider names it, which may be more exact than what was asked for.
    public var model: String

    public init(
        text: String, finishReason: FinishReason, promptTokens: Int? = nil, completionTokens: Int? = nil, model: String
    ) {
        self.text = text
        self.finishReason = finishReason
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.model = model
    }
}

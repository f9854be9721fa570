/// Why a model gave no usable answer.
public struct LanguageModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Hashable, Sendable {
        /// No connection, or one that broke.
        case unreachable
        /// A deadline passed.
        case timeout
        /// Too many requests, or a quota used up; `retryAfter` as the provider asks.
        case rateLimited(retryAfter: Duration?)
        /// The key is missing, wrong, or not allowed to do this.
        case unauthorized
        /// The provider finds fault with the request: it would fail again.
        case rejected
        /// The provider failed.
        case serverError
        /// The answer is not what the protocol promises.
        case malformedAnswer
        /// The answer broke off, or its token limit left no room for any text.
        case truncated
        /// The provider or the model declined to answer.
        case refused
        /// The answer exceeds the size allowed.
        case tooLarge
        /// The task that waited was cancelled.
        case cancelled
    }

    public let code: Code
    /// For operators: names the endpoint's address and the provider's own words, never the key.
    public let message: String
    /// Whether the same request may succeed later.
    public let isTransient: Bool
    /// How long the provider asks to wait (429, 503).
    public let retryAfter: Duration?
    /// The status of the provider's answer, where there was one.
    public let status: Int?

    public init(
        code: Code, message: String, isTransient: Bool, retryAfter: Duration? = nil, status: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.isTransient = isTransient
        self.retryAfter = retryAfter
        self.status = status
    }

    public var description: String { "\(self.code): \(self.message)" }

    static func malformed(_ message: String) -> LanguageModelError {
        // Models are not deterministic: the next answer may be sound.
        LanguageModelError(code: .malformedAnswer, message: message, isTransient: true)
    }
}

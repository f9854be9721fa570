public import LanguageModels

/// One request that was sent to a provider, as it stands in the ledger.
public struct ModelAttempt: Hashable, Sendable {
    /// How a request ended, in the ledger's words.
    public enum Outcome: String, Hashable, Sendable, CaseIterable {
        case ok, unreachable, timeout
        case rateLimited = "rate_limited"
        case unauthorized, rejected
        case serverError = "server_error"
        case malformedAnswer = "malformed_answer"
        case truncated, refused
        case tooLarge = "too_large"
        case cancelled

        /// The word for a failure.
        public init(_ code: LanguageModelError.Code) {
            self =
                switch code {
                case .unreachable: .unreachable
                case .timeout: .timeout
                case .rateLimited: .rateLimited
                case .unauthorized: .unauthorized
                case .rejected: .rejected
                case .serverError: .serverError
                case .malformedAnswer: .malformedAnswer
                case .truncated: .truncated
                case .refused: .refused
                case .tooLarge: .tooLarge
                case .cancelled: .cancelled
                }
        }

        /// Whether the model may have read the question, which is then paid for.
        var isCharged: Bool {
            switch self {
            case .ok, .timeout, .malformedAnswer, .truncated, .refused, .tooLarge, .cancelled: true
            case .unreachable, .rateLimited, .unauthorized, .rejected, .serverError: false
            }
        }
    }

    public var provider: String
    public var model: String
    /// What the answer was for: `section`.
    public var purpose = "section"
    public var lessonSlug: String?
    public var generationKey: String?
    public var jobID: Int64?
    /// Who is charged; an opaque word.
    public var payer: String?
    public var outcome: Outcome
    public var promptTokens: Int
    public var completionTokens: Int
    /// Whether the provider counted no tokens.
    public var isEstimated: Bool
    /// In millionths of a US dollar.
    public var costMicros: Int64
    /// From sending to the last byte, in milliseconds.
    public var milliseconds: Int64

    /// The sums that the attempt counts for.
    var scopes: [String] {
        [SpendScope.all, SpendScope.provider(self.provider)] + (self.payer.map { [SpendScope.payer($0)] } ?? [])
    }
}

/// The names of the sums that budgets are compared with.
enum SpendScope {
    static let all = "all"
    static func provider(_ name: String) -> String { "provider:\(name)" }
    static func payer(_ word: String) -> String { "payer:\(word)" }
}

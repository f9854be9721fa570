public import LanguageModels

/// A model that may be asked to write sections: one rung of the ladder.
public protocol SectionProvider: Sendable {
    /// The name that operators gave the provider: `acme`. Stands in front of the model's in a text's provenance.
    var name: String { get }
    /// The model that is asked for: `gpt-4o-mini`. Part of the key of everything that it writes.
    var modelName: String { get }

    /// Asks for one answer.
    /// - Parameter payer: who is charged; an opaque word that holds no learner's id.
    /// - Throws: `LanguageModelError` where the model gave no usable answer, ``ProviderUnavailable`` where it was not
    ///   asked at all, and `CancellationError`.
    func complete(_ request: ChatRequest, payer: String?) async throws -> ChatCompletion

    /// What an answer costs, in millionths of the ledger's currency.
    func costMicros(promptTokens: Int, completionTokens: Int) -> Int64

    /// Told which checks its last answer broke.
    func rejected(_ failedChecks: [String]) async
}

extension SectionProvider {
    /// Takes no note.
    public func rejected(_ failedChecks: [String]) async {}
}

/// Why a provider was not asked.
public struct ProviderUnavailable: Error, Hashable, Sendable {
    /// One machine word: `circuit_open`, `budget_spent`, `limited`.
    public var reason: String
    /// After which time asking may help; `nil` where nobody can say.
    public var retryAfter: Duration?

    /// A reason, and when to come back.
    public init(reason: String, retryAfter: Duration? = nil) {
        self.reason = reason
        self.retryAfter = retryAfter
    }
}

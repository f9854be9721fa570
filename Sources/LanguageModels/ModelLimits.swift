/// How much may be asked of a provider: every request of a model goes through these.
public protocol ModelLimits: Sendable {
    /// Returns when a request may go that is expected to take `tokens`. What it throws is thrown to whoever asked the
    /// model, as it is.
    func acquire(tokens: Int) async throws -> any ModelPermit
}

/// The leave to send one request.
public protocol ModelPermit: Sendable {
    /// Says how many tokens the request took in truth.
    func settle(actualTokens: Int)
    /// The provider refused the request for being one too many.
    func penalize(retryAfter: Duration?) async
    /// The request is over.
    func release()
}

/// No limits.
public struct UnlimitedModels: ModelLimits {
    private struct Permit: ModelPermit {
        func settle(actualTokens: Int) {}
        func penalize(retryAfter: Duration?) async {}
        func release() {}
    }

    public init() {}
    public func acquire(tokens: Int) async throws -> any ModelPermit { Permit() }
}

extension ModelLimits {
    /// Sends a request within the limits. `body` answers with the tokens it took, where the provider counts them.
    func withRequest<T: Sendable>(
        tokens: Int, _ body: () async throws -> (value: T, tokens: Int?)
    ) async throws -> T {
        try await self.acquire(tokens: tokens).used(body)
    }
}

extension ModelPermit {
    /// Sends the request that the permit is for and releases it. `body` answers with the tokens it took, where the
    /// provider counts them.
    package func used<T: Sendable>(_ body: () async throws -> (value: T, tokens: Int?)) async throws -> T {
        defer { self.release() }
        do {
            let answer = try await body()
            if let actual = answer.tokens { self.settle(actualTokens: actual) }
            return answer.value
        } catch let error as LanguageModelError {
            if error.isOverload { await self.penalize(retryAfter: error.retryAfter) }
            throw error
        }
    }
}

extension LanguageModelError {
    /// The provider wants fewer requests. A quota that is used up is no matter of pace.
    var isOverload: Bool {
        switch self.code {
        case .rateLimited: self.isTransient
        case .serverError: self.retryAfter != nil
        default: false
        }
    }
}

/// How many tokens a text may be. A token is taken for three bytes: English has about four, other scripts fewer.
package enum TokenEstimate {
    /// The room for an answer that has no limit of its own.
    package static let answer = 1_024

    package static func tokens(bytes: Int) -> Int { (bytes + 2) / 3 }

    /// The tokens of a conversation.
    package static func tokens(_ messages: [ChatMessage]) -> Int {
        self.tokens(bytes: messages.reduce(0) { $0 + $1.content.utf8.count })
    }
}

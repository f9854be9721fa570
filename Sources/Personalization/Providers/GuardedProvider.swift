import JobQueue
public import LanguageModels
public import Logging
public import Metrics
public import PipelineJobs
import Synchronization

/// A provider behind its circuit breaker, its budgets and its limits; every request that is sent stands in the ledger.
public final class GuardedProvider: SectionProvider {
    public var name: String { self.provider.name }
    public var modelName: String { self.provider.model }

    private let provider: ModelProviders.Provider
    private let model: any ChatModel
    private let limits: any ModelLimits
    private let spending: SpendingGuard
    private let ledger: any AttemptLedger
    private let metrics: ProviderMetrics
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let breaker: Mutex<CircuitBreaker>

    /// - Parameters:
    ///   - model: asks the endpoint; without limits of its own.
    ///   - limits: the turn of every request.
    ///   - spending: shared by all providers of the process.
    ///   - now: the instants of the breaker and of durations.
    public init(
        _ provider: ModelProviders.Provider, model: any ChatModel, limits: any ModelLimits = UnlimitedModels(),
        spending: SpendingGuard, ledger: any AttemptLedger,
        breaker: CircuitBreaker.Configuration = CircuitBreaker.Configuration(),
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.provider = provider
        self.model = model
        self.limits = limits
        self.spending = spending
        self.ledger = ledger
        self.metrics = ProviderMetrics(model: provider.model, factory: metrics)
        self.logger = logger
        self.now = now
        self.breaker = Mutex(CircuitBreaker(configuration: breaker))
    }

    public func costMicros(promptTokens: Int, completionTokens: Int) -> Int64 {
        self.provider.price.micros(promptTokens: promptTokens, completionTokens: completionTokens)
    }

    /// Whether the provider is asked at present.
    public var circuit: CircuitBreaker.State { self.breaker.withLock { $0.state } }

    /// Asks for one answer. The operators' temperature and timeout stand above the request's; of two token limits the
    /// lower counts.
    /// - Throws: besides what the protocol names, the ledger's error where a budget cannot be looked up.
    public func complete(_ request: ChatRequest, payer: String?) async throws -> ChatCompletion {
        try Task.checkCancellation()
        let pass = try self.admit()
        var outcome = CircuitBreaker.Outcome.abandoned
        defer { self.breaker.withLock { [outcome] in $0.ended(pass, outcome, at: self.now()) } }
        try await self.spending.check(provider: self.name, payer: payer)
        let request = self.prepared(request)
        let permit = try await self.turn(of: request)
        let start = self.now()
        do {
            let completion = try await permit.used {
                let completion = try await self.model.complete(request)
                let counts = [completion.promptTokens, completion.completionTokens].compactMap { $0 }
                return (completion, counts.count == 2 ? counts[0] + counts[1] : nil)
            }
            outcome = .answered
            await self.file(self.attempt(request, completion, payer: payer, since: start))
            return completion
        } catch let error as LanguageModelError {
            outcome = CircuitBreaker.Outcome(error)
            await self.file(self.attempt(request, error, payer: payer, since: start))
            if error.code == .cancelled { throw CancellationError() }
            throw error
        }
    }

    /// Notes the checks that the last answer in this ``AttemptContext`` broke.
    public func rejected(_ failedChecks: [String]) async {
        guard let attempt = AttemptContext.current?.lastAttempt else { return }
        do {
            try await self.ledger.note(failedChecks: failedChecks, of: attempt)
        } catch {
            self.logger.warning(
                "failed checks could not be noted",
                metadata: ["attempt": "\(attempt)", "checks": "\(failedChecks)", "error": "\(error)"])
        }
    }

    private func admit() throws -> CircuitBreaker.Pass {
        switch self.breaker.withLock({ $0.admit(at: self.now()) }) {
        case .pass(let pass): return pass
        case .refused(let wait): throw ProviderUnavailable(reason: "circuit_open", retryAfter: wait)
        }
    }

    private func prepared(_ request: ChatRequest) -> ChatRequest {
        var request = request
        request.temperature = self.provider.temperature ?? request.temperature
        request.maximumTokens = [self.provider.maximumTokens, request.maximumTokens].compactMap { $0 }.min()
        request.timeout = self.provider.timeout
        return request
    }

    private func turn(of request: ChatRequest) async throws -> any ModelPermit {
        let estimate = TokenEstimate.tokens(request.messages) + (request.maximumTokens ?? TokenEstimate.answer)
        do {
            return try await self.limits.acquire(tokens: estimate)
        } catch let error as JobError {
            guard case .snooze(let delay) = error.disposition else { throw error }
            throw ProviderUnavailable(reason: "limited", retryAfter: delay)
        }
    }
}

extension GuardedProvider {
    private func attempt(
        _ request: ChatRequest, _ completion: ChatCompletion, payer: String?, since start: ContinuousClock.Instant
    ) -> ModelAttempt {
        var attempt = self.attempt(.ok, payer: payer, since: start)
        attempt.isEstimated = completion.promptTokens == nil || completion.completionTokens == nil
        attempt.promptTokens = completion.promptTokens ?? TokenEstimate.tokens(request.messages)
        attempt.completionTokens =
            completion.completionTokens ?? TokenEstimate.tokens(bytes: completion.text.utf8.count)
        return self.charged(attempt)
    }

    /// A failure counts no tokens; where the model may have read the question, that is charged by estimate.
    private func attempt(
        _ request: ChatRequest, _ error: LanguageModelError, payer: String?, since start: ContinuousClock.Instant
    ) -> ModelAttempt {
        var attempt = self.attempt(ModelAttempt.Outcome(error.code), payer: payer, since: start)
        if attempt.outcome.isCharged {
            attempt.isEstimated = true
            attempt.promptTokens = TokenEstimate.tokens(request.messages)
        }
        return self.charged(attempt)
    }

    private func attempt(
        _ outcome: ModelAttempt.Outcome, payer: String?, since start: ContinuousClock.Instant
    ) -> ModelAttempt {
        let context = AttemptContext.current
        return ModelAttempt(
            provider: self.name, model: self.modelName, lessonSlug: context?.lessonSlug,
            generationKey: context?.generationKey?.hex, jobID: context?.jobID?.rawValue, payer: payer,
            outcome: outcome, promptTokens: 0, completionTokens: 0, isEstimated: false, costMicros: 0,
            milliseconds: Int64(start.duration(to: self.now()) / .milliseconds(1)))
    }

    private func charged(_ attempt: ModelAttempt) -> ModelAttempt {
        var attempt = attempt
        attempt.promptTokens = min(attempt.promptTokens, ModelProviders.Price.mostTokens)
        attempt.completionTokens = min(attempt.completionTokens, ModelProviders.Price.mostTokens)
        attempt.costMicros = self.costMicros(
            promptTokens: attempt.promptTokens, completionTokens: attempt.completionTokens)
        return attempt
    }

    /// Files what was paid for, also when the task was cancelled meanwhile. An answer is not thrown away because the
    /// ledger is out of reach: the log then holds what the ledger lacks.
    private func file(_ attempt: ModelAttempt) async {
        self.metrics.finished(attempt)
        self.spending.spent(attempt)
        let filed = Task { try await self.ledger.record(attempt) }
        do {
            let number = try await filed.value
            AttemptContext.current?.lastAttempt = number
        } catch {
            AttemptContext.current?.lastAttempt = nil
            self.logger.error(
                "an attempt is missing in the ledger",
                metadata: [
                    "provider": "\(attempt.provider)", "model": "\(attempt.model)",
                    "outcome": "\(attempt.outcome.rawValue)", "cost_micros": "\(attempt.costMicros)",
                    "prompt_tokens": "\(attempt.promptTokens)",
                    "completion_tokens": "\(attempt.completionTokens)", "error": "\(error)",
                ])
        }
    }
}

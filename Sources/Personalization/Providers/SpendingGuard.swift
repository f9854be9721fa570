public import FoundationEssentials
public import PipelineJobs
import Synchronization

/// Holds the budgets of a day against what was spent; one for all providers of a process.
///
/// What the ledger says is remembered for up to a second, so that a rush of sections does not ask each time. Spending
/// exceeds a cap by no more than what is under way when it is met, and what other processes spent within that second.
public final class SpendingGuard: Sendable {
    private static let memory = Duration.seconds(1)

    private let caps: [String: Int64]
    private let payerCap: Int64?
    private let ledger: any AttemptLedger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let date: @Sendable () -> Date
    private let known = Mutex<[String: (micros: Int64, at: ContinuousClock.Instant)]>([:])

    /// A guard over the caps of the operators' file.
    /// - Parameter date: tells how long the present day of UTC lasts.
    public init(
        _ providers: ModelProviders, ledger: any AttemptLedger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        date: @escaping @Sendable () -> Date = { Date() }
    ) {
        var caps: [String: Int64] = [:]
        caps[SpendScope.all] = providers.dailyCapMicros
        for provider in providers.providers { caps[SpendScope.provider(provider.name)] = provider.dailyCapMicros }
        self.caps = caps
        self.payerCap = providers.dailyCapMicrosPerLearner
        self.ledger = ledger
        self.now = now
        self.date = date
    }

    /// Looks whether there is money left for a request.
    /// - Throws: ``ProviderUnavailable`` with `budget_spent` until the day ends, and the ledger's error where it cannot
    ///   be asked: what nobody can count is not spent.
    func check(provider: String, payer: String?) async throws {
        let caps = self.caps(provider: provider, payer: payer)
        guard !caps.isEmpty else { return }
        let spent = try await self.spent(Array(caps.keys))
        guard caps.contains(where: { spent[$0.key, default: 0] >= $0.value }) else { return }
        let seconds = self.date().timeIntervalSince1970.truncatingRemainder(dividingBy: 86_400)
        throw ProviderUnavailable(reason: "budget_spent", retryAfter: .seconds(86_400 - Int64(seconds)))
    }

    /// Adds what this process spent to what it remembers.
    func spent(_ attempt: ModelAttempt) {
        self.known.withLock { known in
            for scope in attempt.scopes { known[scope]?.micros += attempt.costMicros }
        }
    }

    private func caps(provider: String, payer: String?) -> [String: Int64] {
        var caps: [String: Int64] = [:]
        for scope in [SpendScope.all, SpendScope.provider(provider)] { caps[scope] = self.caps[scope] }
        if let payer { caps[SpendScope.payer(payer)] = self.payerCap }
        return caps
    }

    private func spent(_ scopes: [String]) async throws -> [String: Int64] {
        let now = self.now()
        var spent = self.known.withLock { known in
            known = known.filter { $0.value.at > now - Self.memory }
            return known.mapValues(\.micros)
        }
        let missing = scopes.filter { spent[$0] == nil }.sorted()
        guard !missing.isEmpty else { return spent }
        let answer = try await self.ledger.spentToday(missing)
        self.known.withLock { known in
            for scope in missing {
                known[scope] = (answer[scope, default: 0], now)
                spent[scope] = answer[scope, default: 0]
            }
        }
        return spent
    }
}

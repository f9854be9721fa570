import Logging
import Synchronization
import Testing

@testable import JobQueue

/// Answers every question by a closure.
private final class ScriptedStore: LimiterStore {
    struct Away: Error {}

    let questions = Mutex(0)
    private let answer: @Sendable (LimiterRequest) throws -> LimiterReply

    init(_ answer: @escaping @Sendable (LimiterRequest) throws -> LimiterReply) { self.answer = answer }

    func sync(_ name: String, holder: String, _ request: LimiterRequest) async throws -> LimiterReply {
        self.questions.withLock { $0 += 1 }
        return try self.answer(request)
    }
    func penalize(_ name: String, pause: Duration, callAge: Duration) async throws { throw Away() }
    func withdraw(holder: String) async throws {}
}

@Suite struct FleetLimitsTests {
    private func limits(_ store: ScriptedStore) -> FleetLimits {
        FleetLimits(
            store: store, holder: "me", jitter: { 1 }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func snooze(_ body: () async throws -> Void) async -> (code: String, delay: Duration)? {
        do {
            try await body()
            return nil
        } catch {
            guard let error = error as? JobError, case .snooze(let delay) = error.disposition else { return nil }
            return (error.code, delay)
        }
    }

    @Test func withoutALimitTheStoreIsAskedOnce() async throws {
        let store = ScriptedStore { _ in LimiterReply() }
        let limits = self.limits(store)
        for _ in 0..<1_000 { try await limits.withPermit("p", tokens: 10) { _ in } }
        #expect(store.questions.withLock { $0 } == 1)
    }

    @Test func aSliceIsSpentWithoutAskingAgain() async throws {
        let store = ScriptedStore { _ in LimiterReply(slices: [.requests: 100]) }
        let limits = self.limits(store)
        for _ in 0..<100 { try await limits.withPermit("p") { _ in } }
        #expect(store.questions.withLock { $0 } <= 2)
    }

    @Test func whileTheStoreIsAwayNothingGoesAndTheJobComesBackLater() async {
        let limits = self.limits(ScriptedStore { _ in throw ScriptedStore.Away() })
        let result = await self.snooze { try await limits.withPermit("p") { _ in _ = Issue.record("it went") } }
        #expect(result?.code == "limits_unreachable")
        #expect(result?.delay == .seconds(5))
    }

    @Test func aCallThatWouldWaitTooLongIsPutOffAtOnce() async throws {
        let limits = self.limits(ScriptedStore { _ in LimiterReply(slices: [.requests: 0], wait: .seconds(60)) })
        let start = ContinuousClock().now
        let result = await self.snooze { try await limits.withPermit("p") { _ in _ = Issue.record("it went") } }
        #expect(result?.code == "rate_limited")
        let delay = try #require(result?.delay)
        #expect(delay > .seconds(55) && delay <= .seconds(60))
        #expect(start.duration(to: ContinuousClock().now) < .seconds(5))
    }

    @Test func aCallThatGaveUpHoldsNobodyUp() async throws {
        let limits = self.limits(ScriptedStore { _ in LimiterReply(permits: 1) })
        let held = try await limits.acquire("p")
        let waiting = Task { try await limits.acquire("p", patience: .seconds(60)) }
        let behind = Task { try await limits.acquire("p", patience: .seconds(60)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        held.release()
        try await behind.value.release()
    }

    @Test func aPenaltyHoldsHereEvenWhenTheFleetCannotBeTold() async throws {
        let limits = self.limits(ScriptedStore { _ in LimiterReply(slices: [.requests: 100]) })
        try await limits.withPermit("p") { await $0.penalize(retryAfter: .seconds(30)) }
        let result = await self.snooze { try await limits.withPermit("p") { _ in _ = Issue.record("it went") } }
        #expect(result?.code == "rate_limited")
        let delay = try #require(result?.delay)
        #expect(delay > .seconds(25))
    }
}

import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

/// Counts the questions that it passes on.
private final class CountingStore: LimiterStore {
    let questions = Mutex(0)
    private let store: PostgresLimiters

    init(_ store: PostgresLimiters) { self.store = store }

    func sync(_ name: String, holder: String, _ request: LimiterRequest) async throws -> LimiterReply {
        self.questions.withLock { $0 += 1 }
        return try await self.store.sync(name, holder: holder, request)
    }
    func penalize(_ name: String, pause: Duration, callAge: Duration) async throws {
        try await self.store.penalize(name, pause: pause, callAge: callAge)
    }
    func withdraw(holder: String) async throws { try await self.store.withdraw(holder: holder) }
}

@Suite struct LimiterTests {
    /// One process's worth of a client, without its upkeep.
    private func client(_ fixture: QueueFixture, _ name: String) -> FleetLimits {
        FleetLimits(
            store: PostgresLimiters(database: fixture.database), holder: name, jitter: { 1 },
            logger: QueueFixture.logger)
    }

    /// The delay that a call is put off by; `nil` when it went.
    private func delay(_ limits: FleetLimits, tokens: Int = 0, patience: Duration = .zero) async throws -> Duration? {
        do {
            try await limits.withPermit("p", tokens: tokens, patience: patience) { _ in }
            return nil
        } catch let error as JobError {
            guard case .snooze(let delay) = error.disposition else { throw error }
            return delay
        }
    }

    @Test func severalProcessesTogetherKeepToTheRate() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.requests, ceiling: 3_000, burst: 5))
            let clock = ContinuousClock()
            let start = clock.now
            let goes = Shared<[Duration]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for process in 0..<4 {
                    let limits = self.client(fixture, "process \(process)")
                    for _ in 0..<6 {
                        group.addTask {
                            while start.duration(to: clock.now) < .seconds(2) {
                                try await limits.withPermit("p", patience: .seconds(10)) { _ in
                                    goes.update { $0.append(start.duration(to: clock.now)) }
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let times = goes.current.sorted()
            // At the start nobody holds a slice: 50 a second, and the burst.
            let early = times.enumerated().map { index, time in Double(index + 1) - 5 - 50 * (time / .seconds(1)) }
            #expect(early.max() ?? .infinity <= 1)
            #expect(times.count > 40, "\(times.count) calls went in two seconds")
            // Any stretch: one slice for each process on top, which is a second's worth.
            var excess = -Double.infinity
            for (first, from) in times.enumerated() {
                for last in first..<times.count {
                    let seconds = (times[last] - from) / .seconds(1)
                    excess = max(excess, Double(last - first + 1) - (5 + 50 * seconds))
                }
            }
            #expect(excess <= 4 * 50 + 1)
        }
    }

    @Test func slicesCostFarFewerQuestionsThanCalls() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.requests, ceiling: 600_000, burst: 10_000))
            let store = CountingStore(limiters)
            let limits = FleetLimits(store: store, holder: "a", logger: QueueFixture.logger)
            let start = ContinuousClock().now
            for _ in 0..<3_000 { try await limits.withPermit("p", patience: .seconds(10)) { _ in } }
            let seconds = start.duration(to: ContinuousClock().now) / .seconds(1)
            // Slices double from one call on, then last a second each.
            #expect(Double(store.questions.withLock { $0 }) <= 13 + seconds)
        }
    }

    @Test func aRefusalHalvesTheRateOnceAndStopsEveryProcess() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.requests, ceiling: 6_000, recovery: .seconds(86_400)))
            try await limiters.configure("p", RateLimit(.concurrency, ceiling: 8, recovery: .seconds(86_400)))
            let (first, second) = (self.client(fixture, "a"), self.client(fixture, "b"))
            let one = try await first.acquire("p")
            let other = try await first.acquire("p")
            await one.penalize(retryAfter: .seconds(3))
            await other.penalize(retryAfter: .seconds(30))
            one.release()
            other.release()
            let delay = try #require(try await self.delay(second))
            #expect(delay > .seconds(25) && delay <= .seconds(30))
            let again = try #require(try await self.delay(first))
            #expect(again > .seconds(25) && again <= .seconds(30))
            let states = try await limiters.list()
            // Both calls were under way at the same time: one halving.
            #expect(states.map { $0.rate.rounded() } == [4, 3_000])
            #expect(states.allSatisfy { $0.penalty > .seconds(20) })
        }
    }

    @Test func theRateComesBackToTheCeilingAndNoFurther() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.requests, ceiling: 6_000, recovery: .seconds(2)))
            let limits = self.client(fixture, "a")
            try await limits.withPermit("p") { await $0.penalize(retryAfter: .milliseconds(1)) }
            var rates: [Double] = []
            try await Deadline.poll("the rate to come back") {
                rates.append(try await limiters.list()[0].rate)
                return rates.last == 6_000
            }
            #expect(rates[0] >= 3_000 && rates[0] < 6_000)
            #expect(rates == rates.sorted())
            try await limits.withPermit("p", patience: .seconds(5)) { _ in }
            #expect(try await limiters.list()[0].rate == 6_000)
        }
    }

    @Test func refusalsDoNotLowerTheRateBelowItsFloor() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure(
                "p", RateLimit(.requests, ceiling: 600, floor: 100, recovery: .seconds(86_400)))
            for _ in 0..<6 {
                try await limiters.penalize("p", pause: .zero, callAge: .zero)
            }
            #expect(try await limiters.list()[0].rate.rounded() == 100)
        }
    }

    @Test func noMoreCallsAreUnderWayThanPermitted() async throws {
        try await withQueue { fixture in
            try await PostgresLimiters(database: fixture.database).configure(
                "p", RateLimit(.concurrency, ceiling: 2))
            let running = Shared(0)
            let most = Shared(0)
            let served = Shared<[Int: Int]>([:])
            try await withThrowingTaskGroup(of: Void.self) { upkeep in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for process in 0..<3 {
                        let limits = self.client(fixture, "process \(process)")
                        upkeep.addTask { try await limits.run() }
                        for _ in 0..<3 {
                            group.addTask {
                                for _ in 0..<4 {
                                    try await limits.withPermit("p", patience: .seconds(60)) { _ in
                                        running.update { count in
                                            count += 1
                                            most.update { $0 = max($0, count) }
                                        }
                                        try await Task.sleep(for: .milliseconds(20))
                                        running.update { $0 -= 1 }
                                    }
                                    served.update { $0[process, default: 0] += 1 }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                upkeep.cancelAll()
            }
            #expect(most.current == 2)
            #expect(served.current == [0: 12, 1: 12, 2: 12])
        }
    }

    @Test func theOnlyPermitGoesRound() async throws {
        try await withQueue { fixture in
            try await PostgresLimiters(database: fixture.database).configure(
                "p", RateLimit(.concurrency, ceiling: 1))
            let counts = Shared([0, 0])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for process in 0..<2 {
                    let limits = self.client(fixture, "process \(process)")
                    group.addTask { try await limits.run() }
                    // Somebody of each process always wants to call.
                    for _ in 0..<2 {
                        group.addTask {
                            while true {
                                try await limits.withPermit("p", patience: .seconds(60)) { _ in
                                    try await Task.sleep(for: .milliseconds(5))
                                    counts.update { $0[process] += 1 }
                                }
                            }
                        }
                    }
                }
                try await Deadline.poll("each to have had two turns", within: .seconds(30)) {
                    counts.current.min() ?? 0 > 2
                }
                group.cancelAll()
                do { try await group.waitForAll() } catch is CancellationError {}
            }
        }
    }

    @Test func thePermitsOfADeadProcessComeBack() async throws {
        try await withQueue { fixture in
            try await PostgresLimiters(database: fixture.database).configure(
                "p", RateLimit(.concurrency, ceiling: 1))
            let (dead, living) = (self.client(fixture, "dead"), self.client(fixture, "living"))
            // Without its upkeep the process renews nothing, as if it had been killed.
            let permit = try await dead.acquire("p")
            let start = ContinuousClock().now
            #expect(try await self.delay(living) != nil)
            #expect(try await self.delay(living, patience: .seconds(25)) == nil)
            let waited = start.duration(to: ContinuousClock().now)
            #expect(waited > .seconds(13) && waited < .seconds(20), "\(waited)")
            permit.release()
        }
    }

    @Test func aProcessThatLeavesGivesItsPermitsBack() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.concurrency, ceiling: 1))
            let permit = try await self.client(fixture, "leaving").acquire("p")
            try await limiters.withdraw(holder: "leaving")
            #expect(try await self.delay(self.client(fixture, "next")) == nil)
            permit.release()
        }
    }

    @Test func aCallLargerThanTheBurstGoesAndLeavesADebt() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.tokens, ceiling: 6_000, burst: 100))
            let limits = self.client(fixture, "a")
            #expect(try await self.delay(limits, tokens: 1_100) == nil)
            // 1,000 are owed and 100 must be there again, at 100 a second.
            let delay = try #require(try await self.delay(limits, tokens: 1_100))
            #expect(delay > .seconds(9) && delay <= .seconds(11))
        }
    }

    @Test func whatACallReallyTookIsSettled() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.tokens, ceiling: 60, burst: 1_000))
            let limits = self.client(fixture, "a")
            try await limits.withPermit("p", tokens: 100) { $0.settle(actualTokens: 950) }
            #expect(try await self.delay(limits, tokens: 100) != nil)
            let level = try await limiters.list()[0].level
            #expect(level > 40 && level < 80, "\(level)")
        }
    }

    @Test func theNeedsOfACallAreMetOnAllAxesOrNone() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.configure("p", RateLimit(.requests, ceiling: 6, burst: 6))
            try await limiters.configure("p", RateLimit(.tokens, ceiling: 60, burst: 100))
            let limits = self.client(fixture, "a")
            #expect(try await self.delay(limits, tokens: 100) == nil)
            #expect(try await self.delay(limits, tokens: 50) != nil)
            #expect(try await limiters.list().first { $0.limit.axis == .requests }?.level.rounded(.down) == 5)
        }
    }

    @Test func aNewCeilingKeepsWhatWasLearned() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            func rate() async throws -> Double? { try await limiters.list().first?.rate.rounded() }
            try await limiters.configure("p", RateLimit(.requests, ceiling: 600, recovery: .seconds(864_000)))
            try await limiters.configure("p", RateLimit(.requests, ceiling: 900, recovery: .seconds(864_000)))
            #expect(try await rate() == 900)
            try await limiters.penalize("p", pause: .zero, callAge: .zero)
            try await limiters.configure("p", RateLimit(.requests, ceiling: 2_000, recovery: .seconds(864_000)))
            #expect(try await rate() == 450)
            try await limiters.configure("p", RateLimit(.requests, ceiling: 60, recovery: .seconds(864_000)))
            #expect(try await rate() == 60)
            #expect(try await limiters.remove("p", .requests))
            #expect(try await limiters.remove("p", .requests) == false)
            #expect(try await limiters.list().isEmpty)
        }
    }

    @Test func withoutTheDatabaseNoCallGoes() async throws {
        let database = PostgresClient(
            configuration: PostgresConfiguration(url: "postgresql://nobody@127.0.0.1:1/none"),
            logger: QueueFixture.logger)
        let limits = FleetLimits(
            store: PostgresLimiters(database: database), holder: "a", jitter: { 1 }, logger: QueueFixture.logger)
        let delay = try await self.delay(limits, patience: .seconds(1))
        await database.close()
        #expect(delay == .seconds(5))
    }

    @Test func aJobWithoutRoomRunsLaterAndSpendsNoAttempt() async throws {
        try await withQueue { fixture in
            try await PostgresLimiters(database: fixture.database).configure(
                "p", RateLimit(.requests, ceiling: 60, burst: 1))
            let limits = self.client(fixture, "a")
            let attempts = Mutex<[Int]>([])
            for name in ["a", "b", "c"] { _ = try await fixture.queue.enqueue(Probe(name: name)) }
            try await fixture.withWorker(perform: { _, context in
                try await limits.withPermit("p", patience: .milliseconds(50)) { _ in
                    attempts.withLock { $0.append(context.attempt) }
                }
                return JobOutcome()
            }) {
                try await Deadline.poll("the jobs to be done") { try await fixture.count("lectern.done") == 3 }
            }
            #expect(attempts.withLock { $0 } == [1, 1, 1])
            let snoozes = try await fixture.database.queryOne(
                "SELECT count(*) AS n FROM lectern.event WHERE what = 'snooze' AND code = 'rate_limited'")
            #expect(try snoozes?.decode("n", as: Int.self) ?? 0 >= 2)
        }
    }
}

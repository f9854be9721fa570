import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct OperatorsFileTests {
    private static let queueOfKind = ["probe": "probes"]

    private static func numbers() -> QueueNumbers {
        QueueNumbers(
            queues: ["probes": .init(slots: 4, prefetch: 2, maxRunning: 8)],
            kinds: ["probe": .init(maxRunning: 5, timeout: .seconds(90), maxAttempts: 4)],
            budgets: ["all": .init(period: .day, capMicros: 1_000), "kind:probe": .init(period: .hour, capMicros: 10)],
            retention: .init(
                done: .seconds(86_400 * 30), event: .seconds(86_400 * 7), dead: .seconds(86_400 * 90),
                job: .seconds(86_400 * 30)),
            ageing: [.standard: .seconds(60)])
    }

    @Test func applyingTheFileTwiceChangesNothingTheSecondTime() async throws {
        try await withQueue { fixture in
            let changes = try await fixture.control.apply(Self.numbers(), queueOfKind: Self.queueOfKind)
            #expect(changes.count == 14)
            #expect(
                changes.contains(
                    NumberChange(subject: "queue probes", number: "slots", was: nil, becomes: "4")))
            #expect(try await fixture.control.apply(Self.numbers(), queueOfKind: Self.queueOfKind) == [])
            let settings = try await fixture.control.settings()
            #expect(settings.map(\.maxRunning) == [8, 5])
            #expect(settings[0].slots == 4)
            #expect(settings[0].ageing?.standard == .seconds(60))
            #expect(settings[1].timeout == .seconds(90))
            #expect(settings[1].maxAttempts == 4)
            #expect(settings.map(\.byHand) == [[], []])
            #expect(try await fixture.count("lectern.retention") == 4)

            var altered = Self.numbers()
            altered.queues["probes"]?.maxRunning = nil
            altered.budgets["kind:probe"] = nil
            altered.retention.event = .seconds(86_400 * 8)
            #expect(
                try await fixture.control.apply(altered, queueOfKind: Self.queueOfKind) == [
                    NumberChange(subject: "queue probes", number: "max_running", was: "8", becomes: nil),
                    NumberChange(subject: "budget kind:probe", number: "cap_micros", was: "10 per hour", becomes: nil),
                    NumberChange(subject: "retention", number: "event", was: "7", becomes: "8"),
                ])
            #expect(try await fixture.count("lectern.budget") == 1)
        }
    }

    @Test func whatWasSetByHandStandsAboveTheFileUntilItIsGivenBack() async throws {
        try await withQueue { fixture in
            let control = fixture.control
            var change = KindNumberChange()
            change.maxRunning = .to(2)
            change.timeout = .none
            try await control.set(change, ofKind: "probe", in: "probes", actor: "anna")
            try await control.set(.init(period: .day, capMicros: 5), ofScope: "all")
            let changes = try await control.apply(Self.numbers(), queueOfKind: Self.queueOfKind)
            #expect(!changes.contains { $0.subject == "budget all" || $0.number == "timeout_ms" })
            let settings = try #require(try await control.settings().last)
            #expect(settings.maxRunning == 2)
            #expect(settings.timeout == nil)
            #expect(settings.maxAttempts == 4)
            #expect(settings.byHand == ["max_running", "timeout_ms"])

            #expect(try await control.giveBack(.kind("probe", in: "probes")) == ["max_running", "timeout_ms"])
            #expect(
                try await control.apply(Self.numbers(), queueOfKind: Self.queueOfKind) == [
                    NumberChange(subject: "kind probe", number: "max_running", was: "2", becomes: "5"),
                    NumberChange(subject: "kind probe", number: "timeout_ms", was: nil, becomes: "90000"),
                ])
        }
    }

    @Test func aRaisedBudgetLetsWaitingJobsGo() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            var costly = EnqueueOptions()
            costly.budgets = ["all"]
            costly.costMicros = 800
            _ = try await fixture.control.apply(Self.numbers(), queueOfKind: Self.queueOfKind)
            _ = try await fixture.queue.enqueue(all: [Probe(name: "a"), Probe(name: "b")], options: costly)
            #expect(try await fixture.claim(worker: worker).count == 1)
            #expect(try await fixture.count("lectern.blocked WHERE gate = 'budget:all'") == 1)
            var raised = Self.numbers()
            raised.budgets["all"]?.capMicros = 5_000
            _ = try await fixture.control.apply(raised, queueOfKind: Self.queueOfKind)
            #expect(try await fixture.claim(worker: worker).count == 1)
        }
    }

    @Test func aKindsTimeoutAndAttemptsHoldForTheNextRun() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(Probe(name: "a"))
            _ = try await fixture.control.apply(Self.numbers(), queueOfKind: Self.queueOfKind)
            let job = try await fixture.claim(worker: worker)[0]
            #expect(job.timeout == .seconds(90))
            #expect(job.maxAttempts == 4)
        }
    }

    @Test func theLimitsOfProvidersFollowTheFile() async throws {
        try await withQueue { fixture in
            var numbers = Self.numbers()
            numbers.providers = ["vendor": .init(requestsPerMinute: 60, concurrency: 4)]
            let first = try await fixture.control.apply(numbers, queueOfKind: Self.queueOfKind)
            #expect(first.filter { $0.subject == "provider vendor" }.map(\.number) == ["concurrency", "requests"])
            let limiters = PostgresLimiters(database: fixture.database)
            let stored = try await limiters.list()
            #expect(stored.map(\.limit.ceiling) == [4, 60])
            numbers.providers = ["vendor": .init(requestsPerMinute: 30)]
            let second = try await fixture.control.apply(numbers, queueOfKind: Self.queueOfKind)
            #expect(second.map(\.becomes) == [nil, "30"])
            let third = try await fixture.control.apply(numbers, queueOfKind: Self.queueOfKind)
            #expect(third.isEmpty)
        }
    }

    @Test func theFileLeavesProvidersWithAFileOfTheirOwnAlone() async throws {
        try await withQueue { fixture in
            let limiters = PostgresLimiters(database: fixture.database)
            try await limiters.apply(
                .init(requestsPerMinute: 60, tokensPerMinute: 900, concurrency: 4), ofProvider: "acme")
            let changes = try await fixture.control.apply(Self.numbers(), queueOfKind: Self.queueOfKind)
            #expect(changes.allSatisfy { !$0.subject.hasPrefix("provider") })
            #expect(try await limiters.list().map(\.limit.ceiling) == [4, 60, 900])
            try await limiters.apply(.init(concurrency: 2), ofProvider: "acme")
            #expect(try await limiters.list().map(\.limit.ceiling) == [2])
        }
    }

    @Test func aKindWithoutADefinitionIsRefused() async throws {
        try await withQueue { fixture in
            await #expect(throws: QueueControl.UnknownKind.self) {
                try await fixture.control.apply(Self.numbers(), queueOfKind: [:])
            }
        }
    }

    @Test func aNumberThatMakesNoSenseIsRefused() async throws {
        try await withQueue { fixture in
            var change = QueueNumberChange()
            change.slots = .to(0)
            let refused = await #expect(throws: PostgresError.self) {
                try await fixture.control.set(change, ofQueue: "probes")
            }
            #expect(refused?.sqlState == "23514")
            let settings = try await fixture.control.settings()
            #expect(settings.isEmpty)
        }
    }
}

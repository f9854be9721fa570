import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

@Suite struct BudgetTests {
    private func budgets(_ fixture: QueueFixture) -> JobBudgets {
        JobBudgets(database: fixture.database, queue: fixture.queue)
    }

    private func options(_ scopes: String..., cost: Int64) -> EnqueueOptions {
        var options = EnqueueOptions()
        options.budgets = scopes
        options.costMicros = cost
        return options
    }

    private func gates(_ fixture: QueueFixture) async throws -> [String] {
        try await fixture.database.query("SELECT gate FROM lectern.blocked ORDER BY job_id").map {
            try $0.decode("gate")
        }
    }

    private func end(
        _ fixture: QueueFixture, _ job: ClaimedJob, _ action: JobEnding.Action, cost: Int64? = nil
    ) async throws {
        let report = try await fixture.store.end([JobEnding(job: job, action: action, costMicros: cost)])
        #expect(report.accepted == [job.lease.jobID])
    }

    @Test func aJobWithoutRoomWaitsAtItsBudgetAndRunsWhenMoneyFrees() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("s", period: .day, capMicros: 100)
            let jobs = try await fixture.queue.enqueue(
                all: ["a", "b"].map { Probe(name: $0) }, options: self.options("s", cost: 80))
            let worker = try await fixture.register()
            let first = try #require(try await fixture.claim(worker: worker).first)
            #expect(first.lease.jobID == jobs[0].id)
            #expect(try await self.gates(fixture) == ["budget:s"])
            let held = try #require(try await budgets.list().first)
            #expect([held.heldMicros, held.spentMicros, held.remainingMicros] == [80, 0, 20])
            #expect(held.waiting == 1)
            #expect(try await fixture.claim(worker: worker).isEmpty)
            try await self.end(fixture, first, .succeed(result: nil), cost: 15)
            #expect(try await budgets.remaining("s") == 85)
            let second = try #require(try await fixture.claim(worker: worker).first)
            #expect(second.lease.jobID == jobs[1].id)
            #expect(second.attempt == 1)
        }
    }

    @Test func concurrentClaimsNeverOvershootACap() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            // The last job finds exactly what it must hold.
            try await budgets.configure("s", period: .total, capMicros: 515)
            _ = try await fixture.queue.enqueue(
                all: (0..<100).map { Probe(name: "\($0)") }, options: self.options("s", cost: 20))
            let isDone = Shared(false)
            let most = Shared<Int64>(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !isDone.current {
                        // One statement, one snapshot.
                        guard let status = try await budgets.list().first else { continue }
                        most.update { $0 = max($0, status.heldMicros + status.spentMicros) }
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { claimers in
                    for _ in 0..<4 {
                        claimers.addTask {
                            let worker = try await fixture.register()
                            while try await fixture.count("lectern.done") < 100 {
                                for job in try await fixture.claim(7, worker: worker) {
                                    try await self.end(fixture, job, .succeed(result: nil), cost: 5)
                                }
                            }
                        }
                    }
                    try await claimers.waitForAll()
                }
                isDone.update { $0 = true }
                try await group.waitForAll()
            }
            #expect(most.current <= 515)
            let status = try #require(try await budgets.list().first)
            #expect([status.spentMicros, status.heldMicros] == [500, 0])
            _ = try await fixture.queue.enqueue(Probe(name: "late"), options: self.options("s", cost: 20))
            #expect(try await fixture.claim(worker: try await fixture.register()).isEmpty)
        }
    }

    /// What each end of a run leaves of 100, when 60 were held.
    @Test(
        arguments: [
            (JobEnding.Action.succeed(result: nil), nil, 40), (.succeed(result: nil), 10, 90),
            (.succeed(result: nil), 130, -30), (.retry(after: .seconds(60)), nil, 100),
            (.retry(after: .seconds(60)), 25, 75), (.snooze(.seconds(60)), nil, 100), (.release, nil, 100),
            (.discard, nil, 100), (.cancel, nil, 100),
        ] as [(JobEnding.Action, Int64?, Int64)])
    func theEndOfARunSettlesWhatItHeld(action: JobEnding.Action, cost: Int64?, left: Int64) async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("s", period: .month, capMicros: 100)
            _ = try await fixture.queue.enqueue(Probe(name: "a"), options: self.options("s", cost: 60))
            let job = try #require(try await fixture.claim(worker: try await fixture.register()).first)
            #expect(try await budgets.remaining("s") == 40)
            try await self.end(fixture, job, action, cost: cost)
            #expect(try await budgets.remaining("s") == left)
            #expect(try await fixture.count("lectern.budget_hold") == 0)
        }
    }

    @Test func aRescueGivesBackWhatALostRunHeld() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("s", period: .day, capMicros: 100)
            _ = try await fixture.queue.enqueue(Probe(name: "a"), options: self.options("s", cost: 60))
            _ = try await fixture.claim(worker: try await fixture.register())
            try await fixture.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 minute'")
            #expect(try await fixture.store.rescue(silence: .seconds(15), isThorough: false).requeued == 1)
            #expect(try await budgets.remaining("s") == 100)
            #expect(try await fixture.claim(worker: try await fixture.register()).count == 1)
            #expect(try await budgets.remaining("s") == 40)
        }
    }

    @Test func aJobNeedsRoomInAllItsBudgetsAndHoldsInNoneWithoutIt() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("large", period: .day, capMicros: 1_000)
            try await budgets.configure("small", period: .day, capMicros: 100)
            _ = try await fixture.queue.enqueue(
                all: ["a", "b"].map { Probe(name: $0) }, options: self.options("large", "small", cost: 60))
            let worker = try await fixture.register()
            let job = try #require(try await fixture.claim(worker: worker).first)
            #expect(try await self.gates(fixture) == ["budget:small"])
            #expect(try await budgets.list().map(\.remainingMicros) == [940, 40])
            try await self.end(fixture, job, .succeed(result: nil), cost: 30)
            #expect(try await budgets.list().map(\.remainingMicros) == [970, 70])
            #expect(try await fixture.claim(worker: worker).count == 1)
            #expect(try await budgets.list().map(\.remainingMicros) == [910, 10])
        }
    }

    @Test func aNewPeriodLetsWaitingJobsRun() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("s", period: .day, capMicros: 100)
            _ = try await fixture.queue.enqueue(
                all: ["a", "b", "c"].map { Probe(name: $0) }, options: self.options("s", cost: 100))
            let worker = try await fixture.register()
            let job = try #require(try await fixture.claim(worker: worker).first)
            try await self.end(fixture, job, .succeed(result: nil))
            var position = GateSweepPosition()
            #expect(try await fixture.control.sweepGates(&position) == 0)
            #expect(try await fixture.claim(worker: worker).isEmpty)
            // What was spent today becomes what was spent yesterday.
            try await fixture.database.execute(
                "UPDATE lectern.budget_spent SET period_start = period_start - interval '1 day'")
            #expect(try await fixture.control.sweepGates(&position) == 1)
            #expect(try await fixture.claim(worker: worker).count == 1)
            #expect(try await self.gates(fixture) == ["budget:s"])
        }
    }

    @Test func aHigherCapAndARemovedBudgetLetWaitingJobsRun() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("s", period: .total, capMicros: 0)
            _ = try await fixture.queue.enqueue(
                all: (0..<5).map { Probe(name: "\($0)") }, options: self.options("s", cost: 10))
            let worker = try await fixture.register()
            #expect(try await fixture.claim(worker: worker).isEmpty)
            try await budgets.configure("s", period: .total, capMicros: 25)
            #expect(try await fixture.claim(worker: worker).count == 2)
            #expect(try await budgets.remove("s"))
            #expect(try await budgets.remove("s") == false)
            #expect(try await budgets.remaining("s") == nil)
            #expect(try await fixture.claim(worker: worker).count == 3)
        }
    }

    @Test func moneyForSeveralLetsSeveralRunInTheirOrder() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("s", period: .total, capMicros: 100)
            _ = try await fixture.queue.enqueue(Probe(name: "large"), options: self.options("s", cost: 100))
            let worker = try await fixture.register()
            let large = try #require(try await fixture.claim(worker: worker).first)
            // One that never fits stands in nobody's way.
            _ = try await fixture.queue.enqueue(Probe(name: "vast"), options: self.options("s", cost: 101))
            let small = try await fixture.queue.enqueue(
                all: (0..<6).map { Probe(name: "\($0)") }, options: self.options("s", cost: 20))
            #expect(try await fixture.claim(worker: worker).isEmpty)
            try await self.end(fixture, large, .retry(after: .seconds(60)))
            #expect(try await fixture.claim(worker: worker).map(\.lease.jobID) == small.prefix(5).map(\.id))
            #expect(try await self.gates(fixture) == ["budget:s", "budget:s"])
        }
    }

    @Test func theCostAHandlerNamesIsWhatItsBudgetPays() async throws {
        try await withQueue { fixture in
            let budgets = self.budgets(fixture)
            try await budgets.configure("s", period: .hour, capMicros: 100)
            _ = try await fixture.queue.enqueue(
                all: (0..<8).map { Probe(name: "\($0)") }, options: self.options("s", cost: 50))
            try await fixture.withWorker(perform: { _, _ in JobOutcome(costMicros: 7) }) {
                try await Deadline.poll("the jobs to be done") { try await fixture.count("lectern.done") == 8 }
            }
            let status = try #require(try await budgets.list().first)
            #expect([status.spentMicros, status.heldMicros] == [56, 0])
            #expect(status.waiting == 0)
        }
    }
}

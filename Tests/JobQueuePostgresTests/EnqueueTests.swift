import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

@Suite struct EnqueueTests {
    private struct Abort: Error {}

    @Test func aJobExistsExactlyWhenItsTransactionCommits() async throws {
        try await withQueue { fixture in
            await #expect(throws: Abort.self) {
                try await fixture.queue.withTransaction { transaction in
                    try await transaction.enqueue(Probe(name: "lost"))
                    throw Abort()
                }
            }
            #expect(try await fixture.count("lectern.job") == 0)
            try await fixture.queue.withTransaction { _ = try await $0.enqueue(Probe(name: "kept")) }
            #expect(try await fixture.count("lectern.ready") == 1)
        }
    }

    @Test func fiftyConcurrentEnqueuesOfOneKeyMakeOneJob() async throws {
        try await withQueue { fixture in
            let jobs = try await withThrowingTaskGroup(of: EnqueuedJob.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await fixture.queue.enqueue(Probe(name: "same", key: "one")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(jobs.map(\.id)).count == 1)
            #expect(jobs.filter(\.isNew).count == 1)
            #expect(try await fixture.count("lectern.job") == 1)
        }
    }

    @Test func aKeyIsFreeAgainWhenItsJobHasEnded() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let first = try await fixture.queue.enqueue(Probe(name: "a", key: "k"))
            let claimed = try await fixture.claim(worker: worker)
            #expect(try await fixture.queue.enqueue(Probe(name: "b", key: "k")).id == first.id)
            _ = try await fixture.store.end([JobEnding(job: claimed[0], action: .succeed(result: nil))])
            let second = try await fixture.queue.enqueue(Probe(name: "c", key: "k"))
            #expect(second.isNew && second.id != first.id)
        }
    }

    @Test func aBatchKeepsItsOrderAndMergesEqualKeys() async throws {
        try await withQueue { fixture in
            let jobs = try await fixture.queue.enqueue(
                all: [Probe(name: "a"), Probe(name: "b", key: "k"), Probe(name: "c", key: "k"), Probe(name: "d")])
            #expect(jobs.count == 4)
            #expect(jobs[1].id == jobs[2].id)
            #expect(jobs.filter(\.isNew).count == 3)
            let worker = try await fixture.register()
            let names = try await fixture.claim(worker: worker).map(\.arguments)
            #expect(names.first?.contains("\"a\"") == true)
            #expect(names.last?.contains("\"d\"") == true)
        }
    }

    @Test func aDelayedJobIsNotClaimedBeforeItsTime() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await fixture.queue.withTransaction {
                _ = try await $0.enqueue(Probe(name: "later"), options: EnqueueOptions(delay: .seconds(3_600)))
            }
            let (promoted, nextDue) = try await fixture.store.promoteDue(limit: 10)
            #expect(promoted == 0)
            #expect(nextDue.map { $0 > .seconds(3_500) && $0 <= .seconds(3_600) } == true)
            #expect(try await fixture.claim(worker: worker).isEmpty)
            try await fixture.database.execute("UPDATE lectern.scheduled SET run_at = now()")
            #expect(try await fixture.store.promoteDue(limit: 10).promoted == 1)
            #expect(try await fixture.claim(worker: worker).count == 1)
        }
    }

    @Test func theInteractiveLaneGoesFirst() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            for lane in [Lane.bulk, .standard, .interactive] {
                _ = try await fixture.queue.enqueue(Probe(name: "\(lane)"), options: EnqueueOptions(lane: lane))
            }
            let order = try await fixture.claim(worker: worker).map(\.arguments)
            #expect(order.map { $0.contains("interactive") } == [true, false, false])
            #expect(order.last?.contains("bulk") == true)
        }
    }

    /// Sizes around the portions in which a bulk load encodes and copies.
    @Test(arguments: [999, 1_000, 4_500, 4_501, 20_001])
    func manyJobsAreStoredWholeAndInOrder(count: Int) async throws {
        try await withQueue { fixture in
            let names = (0..<count).map { "job \($0)\twith \\ and \n" }
            let jobs = try await fixture.queue.enqueue(all: names.map { Probe(name: $0) })
            var stored: [Int64: String] = [:]
            for row in try await fixture.database.query("SELECT id, args ->> 'name' AS name FROM lectern.job") {
                stored[try row.decode("id")] = try row.decode("name", as: String.self)
            }
            let inOrder = jobs.compactMap { stored[$0.id.rawValue] }
            #expect(inOrder == names)
            #expect(stored.count == count)
            let runnable = try await fixture.count("lectern.ready WHERE tag = job_id")
            #expect(runnable == count)
        }
    }

    @Test func ofManyJobsNoneIsStoredWhenOneIsRefused() async throws {
        try await withQueue { fixture in
            var jobs = (0..<6_000).map { Probe(name: "\($0)") }
            jobs[5_500].name = String(repeating: "x", count: 300_000)
            let tooMuch = jobs
            await #expect(throws: EnqueueError.self) { try await fixture.queue.enqueue(all: tooMuch) }
            let stored = try await fixture.count("lectern.job")
            #expect(stored == 0)
        }
    }

    @Test func argumentsThatAreTooLargeAreRefused() async throws {
        try await withQueue { fixture in
            await #expect(throws: EnqueueError.self) {
                try await fixture.queue.enqueue(Probe(name: String(repeating: "x", count: 300_000)))
            }
        }
    }
}

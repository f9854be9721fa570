import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

@Suite struct StoreTests {
    @Test func aClaimOfNothingTakesNothing() async throws {
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(Probe(name: "a"))
            let worker = try await fixture.register()
            #expect(try await fixture.claim(0, worker: worker).isEmpty)
            #expect(try await fixture.count("lectern.ready") == 1)
            #expect(try await fixture.claim(1, worker: worker).count == 1)
        }
    }

    @Test func eightClaimersShareAThousandJobsWithoutOverlap() async throws {
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(all: (0..<1_000).map { Probe(name: "\($0)") })
            let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let worker = try await fixture.register()
                        var mine: [JobID] = []
                        while true {
                            let batch = try await fixture.claim(17, worker: worker)
                            if batch.isEmpty { return mine }
                            mine += batch.map(\.lease.jobID)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 1_000)
            #expect(Set(claimed).count == 1_000)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aWorkerThatWasGivenUpClaimsNothing() async throws {
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(Probe(name: "a"))
            let worker = try await fixture.register()
            try await fixture.database.execute("DELETE FROM lectern.worker")
            #expect(try await fixture.claim(worker: worker).isEmpty)
            #expect(try await fixture.store.heartbeat(worker, running: 0, isDraining: false).isKnown == false)
        }
    }

    @Test func whatAHandlerWritesStandsOrFallsWithTheEndOfItsJob() async throws {
        try await withQueue { fixture in
            try await fixture.database.execute("CREATE TABLE effect (job text)")
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(Probe(name: "a"))
            let stale = try await fixture.claim(worker: worker)[0]
            try await fixture.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 hour'")
            #expect(try await fixture.store.rescue(silence: .seconds(12), isThorough: true).requeued == 1)
            let current = try await fixture.claim(worker: try await fixture.register())[0]

            let write: @Sendable (JobTransaction) async throws -> Void = {
                try await $0.execute("INSERT INTO effect VALUES ('a')")
                _ = try await $0.enqueue(Probe(name: "follow-up"))
            }
            #expect(
                try await fixture.store.end(JobEnding(job: stale, action: .succeed(result: nil)), commit: write)
                    == false)
            #expect(try await fixture.count("effect") == 0)
            #expect(try await fixture.store.end(JobEnding(job: current, action: .succeed(result: "{}")), commit: write))
            #expect(try await fixture.count("effect") == 1)
            #expect(try await fixture.count("lectern.ready") == 1)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aDeadLetterKeepsTheWholeBody() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await fixture.queue.enqueue(Probe(name: "bad", key: "k")).id
            let job = try await fixture.claim(worker: worker)[0]
            _ = try await fixture.store.end(
                [JobEnding(job: job, action: .discard, code: "broken", message: "NUL \0 inside")])
            let row = try await fixture.database.queryOne("SELECT args::text AS args, code, message FROM lectern.dead")
            #expect(try row?.decode("args", as: String.self).contains("bad") == true)
            #expect(try row?.decode("message", as: String.self) == "NUL  inside")
            #expect(try await fixture.inspector.snapshot(of: id)?.code == "broken")
            #expect(try await fixture.count("lectern.flight") == 0)
        }
    }

    @Test func aRunPastItsDeadlineIsTakenFromALiveWorker() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            _ = try await fixture.queue.enqueue(Probe(name: "slow"))
            _ = try await fixture.claim(worker: worker)
            try await fixture.database.execute("UPDATE lectern.lease SET deadline = now() - interval '1 second'")
            #expect(try await fixture.store.rescue(silence: .seconds(12), isThorough: true).requeued == 1)
            let again = try await fixture.claim(worker: worker)[0]
            #expect(again.attempt == 2)
        }
    }

    @Test func positionCountsTheJobsAhead() async throws {
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(all: (0..<5).map { Probe(name: "\($0)") })
            let last = try await fixture.queue.enqueue(Probe(name: "last")).id
            #expect(try await fixture.inspector.snapshot(of: last)?.position == 5)
            let first = try await fixture.queue.enqueue(
                Probe(name: "urgent"), options: EnqueueOptions(lane: .interactive)
            ).id
            #expect(try await fixture.inspector.snapshot(of: first)?.position == 0)
            #expect(try await fixture.inspector.snapshot(of: last)?.position == 6)
        }
    }

    @Test func theQueueIsCorrectThroughATransactionPooler() async throws {
        try #require(TransactionPooler.isAvailable)
        try await withQueue { direct in
            let pooler = try await TransactionPooler(inFrontOf: direct.url, serverConnections: 3)
            let fixture = QueueFixture(url: pooler.url)
            let jobs = try await fixture.queue.enqueue(all: (0..<400).map { Probe(name: "\($0)") })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let worker = try await fixture.register()
                        while true {
                            let batch = try await fixture.claim(20, worker: worker)
                            if batch.isEmpty { return }
                            let ended = try await fixture.store.end(
                                batch.map { JobEnding(job: $0, action: .succeed(result: nil)) })
                            #expect(ended.accepted.count == batch.count)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await direct.count("lectern.done") == jobs.count)
            #expect(try await direct.isConsistent())
            await fixture.database.close()
            try await pooler.stop()
        }
    }
}

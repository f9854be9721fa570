import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Testing

@Suite struct ExplainTests {
    private static func enqueue(
        _ fixture: QueueFixture, _ name: String = "a", _ configure: (inout EnqueueOptions) -> Void = { _ in }
    ) async throws -> JobID {
        var options = EnqueueOptions()
        configure(&options)
        return try await fixture.queue.enqueue(Probe(name: name), options: options).id
    }

    private static func end(
        _ fixture: QueueFixture, _ job: ClaimedJob, _ action: JobEnding.Action, code: String? = nil,
        message: String? = nil
    ) async throws {
        let report = try await fixture.store.end([JobEnding(job: job, action: action, code: code, message: message)])
        #expect(report.accepted == [job.lease.jobID])
    }

    /// The codes in order, and every sentence in one text.
    private static func why(_ fixture: QueueFixture, _ id: JobID) async throws -> ([JobReason.Code], String) {
        let reasons = try await fixture.inspector.explain(id)
        return (reasons.map(\.code), reasons.map(\.sentence).joined(separator: "\n"))
    }

    @Test func aJobThatIsNotThereIsSaidToBeMissing() async throws {
        try await withQueue { fixture in
            #expect(try await Self.why(fixture, JobID(rawValue: 99)).0 == [.noSuchJob])
        }
    }

    @Test func anEndedJobSaysHowItEnded() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let done = try await Self.enqueue(fixture)
            try await Self.end(fixture, try await fixture.claim(worker: worker)[0], .succeed(result: nil))
            var (codes, text) = try await Self.why(fixture, done)
            #expect(codes == [.ended])
            #expect(text.contains("succeeded in run 1 at 20"))

            let cancelled = try await Self.enqueue(fixture)
            _ = try await fixture.inspector.cancel(cancelled)
            (codes, text) = try await Self.why(fixture, cancelled)
            #expect(codes == [.ended])
            #expect(text.contains("was cancelled at 20"))
        }
    }

    @Test func aDeadJobSaysItsErrorAndHowToRunItAgain() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await Self.enqueue(fixture)
            try await Self.end(
                fixture, try await fixture.claim(worker: worker)[0], .discard, code: "bad_input", message: "no good")
            let (codes, text) = try await Self.why(fixture, id)
            #expect(codes == [.dead])
            #expect(text.contains("bad_input: no good"))
            #expect(text.contains("lectern job retry \(id)"))
        }
    }

    @Test func aRunningJobSaysWhereItRunsHowFarItIsAndWhoWantsItStopped() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await Self.enqueue(fixture)
            let job = try await fixture.claim(worker: worker)[0]
            #expect(try await Self.why(fixture, id).0 == [.running])
            _ = try await fixture.store.report(JobProgress(done: 3, total: 10, stage: "chunks"), of: job.lease)
            _ = try await fixture.inspector.cancel(id, actor: "somebody_else")
            let (codes, text) = try await Self.why(fixture, id)
            #expect(codes == [.running, .stopWished, .progress])
            #expect(text.contains("worker \(worker) (test, last heard"))
            #expect(text.contains("3 of 10, chunks"))
            #expect(text.contains("somebody_else asked at 20"))

            try await fixture.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 minute'")
            try await fixture.database.execute("UPDATE lectern.lease SET deadline = now() - interval '3 seconds'")
            #expect(
                try await Self.why(fixture, id).0 == [.running, .workerLost, .pastDeadline, .stopWished, .progress])
            try await fixture.database.execute("DELETE FROM lectern.worker")
            #expect(try await Self.why(fixture, id).0.contains(.workerLost))
        }
    }

    @Test func aScheduledJobSaysUntilWhenAndWhy() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let delayed = try await Self.enqueue(fixture) { $0.delay = .seconds(90) }
            var (codes, text) = try await Self.why(fixture, delayed)
            #expect(codes == [.delayed])
            #expect(text.contains("in 1 min"))

            let retried = try await Self.enqueue(fixture)
            try await Self.end(
                fixture, try await fixture.claim(worker: worker)[0], .retry(after: .seconds(60)), code: "flaky",
                message: "the disk is full")
            (codes, text) = try await Self.why(fixture, retried)
            #expect(codes == [.retry])
            #expect(text.contains("run 1 failed with flaky: the disk is full"))

            let snoozed = try await Self.enqueue(fixture)
            try await Self.end(
                fixture, try await fixture.claim(worker: worker)[0], .snooze(.seconds(60)), code: "not_yet",
                message: "the index is building")
            (codes, text) = try await Self.why(fixture, snoozed)
            #expect(codes == [.snoozed])
            #expect(text.contains("not_yet: the index is building"))

            // What will be in its way then is said as well.
            try await fixture.database.execute("DELETE FROM lectern.worker")
            #expect(try await Self.why(fixture, delayed).0 == [.delayed, .noWorker])
        }
    }

    @Test func aReadyJobSaysWhatIsAheadOfIt() async throws {
        try await withQueue { fixture in
            let first = try await Self.enqueue(fixture, "1")
            #expect(try await Self.why(fixture, first).0 == [.noWorker])
            let worker = try await fixture.register()
            let second = try await Self.enqueue(fixture, "2")
            #expect(try await Self.why(fixture, first).0 == [.next])
            let (codes, text) = try await Self.why(fixture, second)
            #expect(codes == [.jobsAhead])
            #expect(text.contains("1 job is ahead"))
            _ = try await fixture.claim(1, worker: worker)
            _ = try await fixture.store.heartbeat(worker, running: 1, isDraining: false)
            let busy = try await Self.why(fixture, second)
            #expect(busy.0 == [.slotsBusy])
            #expect(busy.1.contains("1 of the 1 slots"))
            try await fixture.database.execute("UPDATE lectern.worker SET wish = 'quiet'")
            #expect(try await Self.why(fixture, second).0 == [.workersQuiet])
            try await fixture.database.execute("UPDATE lectern.worker SET wish = NULL, draining = true")
            #expect(try await Self.why(fixture, second).0 == [.workersQuiet])
        }
    }

    @Test func aPauseNamesWhoPausedUntilWhenAndWhy() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let id = try await Self.enqueue(fixture)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.queue_control (queue, paused_until, reason, actor)
                VALUES ('probes', now() + interval '1 hour', 'the index moves', 'ann')
                """)
            var (codes, text) = try await Self.why(fixture, id)
            #expect(codes == [.queuePaused])
            #expect(text.contains("queue probes is paused by ann until 20"))
            #expect(text.contains("because the index moves"))
            try await fixture.database.execute("UPDATE lectern.queue_control SET paused_until = now()")

            try await fixture.database.execute(
                """
                INSERT INTO lectern.kind_control (kind, queue, paused_until, actor)
                VALUES ('probe', 'probes', 'infinity', 'bob')
                """)
            #expect(try await Self.why(fixture, id).0 == [.kindPaused])
            #expect(try await fixture.claim(worker: worker).isEmpty)
            (codes, text) = try await Self.why(fixture, id)
            #expect(codes == [.kindPaused])
            #expect(text.contains("kind probe is paused by bob until somebody resumes it"))
            try await fixture.database.execute("UPDATE lectern.kind_control SET paused_until = NULL")
            #expect(try await Self.why(fixture, id).0 == [.gateOpen])
        }
    }

    @Test(arguments: ["kind", "queue"]) func aLimitNamesTheRunsThatHoldIt(family: String) async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            if family == "kind" {
                try await fixture.database.execute(
                    "INSERT INTO lectern.kind_control (kind, queue, max_running) VALUES ('probe', 'probes', 6)")
            } else {
                try await fixture.database.execute(
                    "INSERT INTO lectern.queue_control (queue, max_running) VALUES ('probes', 6)")
            }
            var ids: [JobID] = []
            for name in 0..<7 { ids.append(try await Self.enqueue(fixture, "\(name)")) }
            #expect(try await fixture.claim(worker: worker).count == 6)
            let (codes, text) = try await Self.why(fixture, ids[6])
            #expect(codes == [family == "kind" ? .kindLimit : .queueLimit])
            for id in ids.prefix(5) { #expect(text.contains("\(id)")) }
            #expect(!text.contains("\(ids[5])"))
            #expect(text.contains("6 runs at once"))
            #expect(text.contains("and 1 more run"))
        }
    }

    @Test func aKeysLimitNamesTheRunThatHoldsIt() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let holder = try await Self.enqueue(fixture, "1") { $0.concurrency = .init(key: "book:7", limit: 1) }
            let waiting = try await Self.enqueue(fixture, "2") { $0.concurrency = .init(key: "book:7", limit: 1) }
            #expect(try await fixture.claim(worker: worker).count == 1)
            let (codes, text) = try await Self.why(fixture, waiting)
            #expect(codes == [.keyLimit])
            #expect(text == "jobs with the key book:7 may have 1 run at once: \(holder) runs")
        }
    }

    @Test func aBudgetSaysItsCapWhatIsSpentAndWhatIsHeld() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await fixture.database.execute(
                "INSERT INTO lectern.budget (scope, period, cap_micros) VALUES ('models', 'day', 10000000)")
            try await fixture.database.execute(
                """
                INSERT INTO lectern.budget_spent (scope, period_start, micros)
                VALUES ('models', lectern.period_start('day'), 4250000)
                """)
            for name in ["1", "2"] {
                _ = try await Self.enqueue(fixture, name) {
                    $0.budgets = ["models"]
                    $0.costMicros = 3_000_000
                }
            }
            #expect(try await fixture.claim(worker: worker).count == 1)
            let id = try await fixture.database.queryOne("SELECT job_id FROM lectern.blocked")?.decode(
                "job_id", as: Int64.self)
            let (codes, text) = try await Self.why(fixture, JobID(rawValue: try #require(id)))
            #expect(codes == [.budget])
            #expect(
                text == "budget models has a cap of 10.00 in a day, of which 4.25 is spent and 3.00 held by runs; "
                    + "the job needs 3.00")
        }
    }

    @Test func aDependentJobNamesWhatItNeedsAndTheDeadFirst() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let doomed = try await Self.enqueue(fixture, "1")
            let other = try await Self.enqueue(fixture, "2")
            let id = try await Self.enqueue(fixture, "3") { $0.after = [doomed, other] }
            let job = try #require(try await fixture.claim(1, worker: worker).first)
            try await Self.end(fixture, job, .discard, code: "bad_input")
            let (codes, text) = try await Self.why(fixture, id)
            #expect(codes == [.needsDeadJob, .needsJob])
            #expect(text.contains("it needs job \(doomed), which is dead (bad_input); `lectern job retry \(doomed)`"))
            #expect(text.contains("it needs \(other) (ready) to succeed first"))
        }
    }

    @Test func aBatchsLastJobSaysHowFarTheBatchIs() async throws {
        try await withQueue { fixture in
            _ = try await fixture.register()
            let id = try await Self.enqueue(fixture)
            try await fixture.database.execute(
                "INSERT INTO lectern.batch (name, total, succeeded, dead) VALUES ('import', 12, 6, 1)")
            try await fixture.database.execute(
                """
                WITH gone AS (DELETE FROM lectern.ready RETURNING job_id, queue, lane, tag)
                INSERT INTO lectern.blocked (job_id, queue, lane, tag, gate)
                SELECT job_id, queue, lane, tag, 'batch:' || (SELECT id FROM lectern.batch) FROM gone
                """)
            let (codes, text) = try await Self.why(fixture, id)
            #expect(codes == [.batchIncomplete])
            #expect(text == "7 of the 12 jobs of batch import are over, and more jobs may join it")
        }
    }
}

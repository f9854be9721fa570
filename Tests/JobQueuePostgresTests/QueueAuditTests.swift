import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct QueueAuditTests {
    @Test func jobsWhoseEndsWereAllDroppedAreNotMissed() async throws {
        try await withQueue { fixture in
            try await fixture.database.execute(
                """
                INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms)
                SELECT (extract(epoch FROM now() - interval '300 days') * 1000)::bigint << 20, 'probes', 'probe', '{}', 10, 3,
                       1000
                """)
            #expect(try await QueueAudit(database: fixture.database).run().allSatisfy(\.violations.isEmpty))
        }
    }

    /// One way to break a promise by hand.
    struct Break: Sendable, CustomTestStringConvertible {
        var invariant: String
        var what: String
        var statements: [SQL]
        /// What the audit must say of it.
        var clue: String

        var testDescription: String { "\(self.invariant): \(self.what)" }
    }

    /// The scratch database holds four jobs when these strike: 1 ready, 2 leased, 3 done, 4 scheduled for its second
    /// run. Their names are their places; `job` finds their ids.
    static let breaks: [Break] = [
        Break(
            invariant: "I1", what: "a finished job is ready again",
            statements: [
                """
                INSERT INTO lectern.ready (queue, lane, tag, job_id)
                SELECT 'probes', 10, job_id, job_id FROM lectern.done
                """
            ], clue: "stands in done, ready"),
        Break(
            invariant: "I1", what: "a job vanished",
            statements: ["DELETE FROM lectern.ready"], clue: "stands nowhere"),
        Break(
            invariant: "I2", what: "a lost run writes after the end",
            statements: [
                """
                INSERT INTO lectern.event (at, job_id, attempt, token, what)
                SELECT finished_at + interval '1 minute', job_id, 1, 1, 'retry' FROM lectern.done
                """
            ], clue: "retry after its end"),
        Break(
            invariant: "I3", what: "a later run has the token of an earlier one",
            statements: [
                """
                INSERT INTO lectern.event (at, job_id, attempt, token, what)
                SELECT started_at - interval '1 minute', job_id, 1, token, 'retry' FROM lectern.lease
                """
            ], clue: "runs after"),
        Break(
            invariant: "I3", what: "a later end has a smaller token",
            statements: [
                """
                INSERT INTO lectern.event (at, job_id, attempt, token, what)
                SELECT at + interval '1 hour', job_id, 2, token - 1, 'retry' FROM lectern.event
                """
            ], clue: "ended after"),
        Break(
            invariant: "I4", what: "a dependent job is ready before what it needs",
            statements: [
                """
                INSERT INTO lectern.dependency (needs, job_id)
                SELECT l.job_id, r.job_id FROM lectern.lease l, lectern.ready r
                """
            ], clue: "waits for"),
        Break(
            invariant: "I5", what: "a key flies without a job",
            statements: ["INSERT INTO lectern.flight (key, job_id) SELECT 'left over', job_id FROM lectern.done"],
            clue: "key left over flies"),
        Break(
            invariant: "I5", what: "a living job lost its key",
            statements: [
                "UPDATE lectern.job SET unique_key = 'probe:lost' WHERE id = (SELECT job_id FROM lectern.ready)"
            ],
            clue: "lives without its key"),
        Break(
            invariant: "I6", what: "a slot outlived its run",
            statements: ["INSERT INTO lectern.slot (gate, job_id) SELECT 'kind:probe', job_id FROM lectern.done"],
            clue: "without a run"),
        Break(
            invariant: "I6", what: "a gate admitted more than its limit",
            statements: [
                """
                INSERT INTO lectern.kind_control (kind, queue, max_running, updated_at)
                VALUES ('probe', 'probes', 0, now() - interval '1 hour')
                """,
                "INSERT INTO lectern.slot (gate, job_id) SELECT 'kind:probe', job_id FROM lectern.lease",
            ], clue: "kind:probe admits 1 of 0"),
        Break(
            invariant: "I7", what: "an attempt is spent without a failed run",
            statements: ["UPDATE lectern.ready SET attempt = 2"], clue: "spent 2, 0 runs failed"),
        Break(
            invariant: "I8", what: "a run begins by another clock",
            statements: ["UPDATE lectern.lease SET started_at = now() + interval '10 minutes'"],
            clue: "begins in the future"),
        Break(
            invariant: "I8", what: "a heartbeat by another clock",
            statements: ["UPDATE lectern.worker SET seen_at = now() + interval '10 minutes'"],
            clue: "seen in the future"),
        Break(
            invariant: "I8", what: "an end by another clock",
            statements: ["UPDATE lectern.done SET finished_at = now() + interval '10 minutes'"],
            clue: "ended in the future"),
        Break(
            invariant: "I9", what: "a budget holds more than it has",
            statements: [
                "INSERT INTO lectern.budget (scope, period, cap_micros) VALUES ('models', 'day', 10)",
                """
                INSERT INTO lectern.budget_hold (job_id, scope, micros) SELECT job_id, 'models', 11 FROM lectern.lease
                """,
            ], clue: "budget models has -1"),
        Break(
            invariant: "I9", what: "money is held for nobody",
            statements: [
                "INSERT INTO lectern.budget (scope, period, cap_micros) VALUES ('models', 'day', 10)",
                "INSERT INTO lectern.budget_hold (job_id, scope, micros) SELECT job_id, 'models', 1 FROM lectern.done",
            ], clue: "which does not run"),
        Break(
            invariant: "I10", what: "a body is dropped under a scheduled job",
            statements: ["DELETE FROM lectern.job WHERE id = (SELECT job_id FROM lectern.scheduled)"],
            clue: "in scheduled has no body"),
    ]

    private static func prepare(_ fixture: QueueFixture) async throws {
        let worker = try await fixture.register()
        for name in ["done", "scheduled", "leased"] {
            _ = try await fixture.queue.enqueue(Probe(name: name, key: name))
            let job = try #require(try await fixture.claim(1, worker: worker).first)
            switch name {
            case "done": _ = try await fixture.store.end([JobEnding(job: job, action: .succeed(result: nil))])
            case "scheduled":
                _ = try await fixture.store.end([JobEnding(job: job, action: .retry(after: .seconds(60)))])
            default: break
            }
        }
        _ = try await fixture.queue.enqueue(Probe(name: "ready"))
    }

    @Test(arguments: QueueAuditTests.breaks) func aBrokenPromiseIsNamed(_ broken: Break) async throws {
        try await withQueue { fixture in
            try await Self.prepare(fixture)
            let audit = QueueAudit(database: fixture.database)
            let before = try await audit.run()
            #expect(before.map(\.invariant) == (1...11).map { "I\($0)" })
            #expect(before.filter { !$0.holds } == [])
            for statement in broken.statements { try await fixture.database.execute(statement) }
            let after = try await audit.run()
            let verdict = try #require(after.first { $0.invariant == broken.invariant })
            #expect(!verdict.holds)
            #expect(verdict.violations.contains { $0.contains(broken.clue) }, "\(verdict.violations)")
        }
    }

    @Test func aSearchThatWadesThroughDeadRowsIsNamed() async throws {
        try await withQueue { fixture in
            try await fixture.database.execute(
                "ALTER TABLE lectern.ready SET (autovacuum_enabled = false)")
            try await fixture.database.execute(
                """
                INSERT INTO lectern.ready (queue, lane, tag, job_id)
                SELECT 'probes', 10, n, n FROM generate_series(1, 60000) AS n
                """
            )
            try await fixture.database.execute(
                "INSERT INTO lectern.queue_clock (queue, lane, tag) VALUES ('probes', 10, 1)")
            let audit = QueueAudit(database: fixture.database)
            #expect(try await audit.run().last?.holds == true)
            try await fixture.database.withTransaction { pin in
                try await pin.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                _ = try await pin.query("SELECT count(*) FROM lectern.ready")
                try await fixture.database.execute("DELETE FROM lectern.ready WHERE tag <= 55000")
                let verdict = try await audit.run().last
                #expect(verdict?.invariant == "I11")
                #expect(verdict?.violations.first?.hasPrefix("queue probes: ") == true, "\(verdict?.violations ?? [])")
            }
        }
    }

    @Test func aBusyDatabaseBreaksNoPromise() async throws {
        try await withQueue { fixture in
            try await fixture.database.execute(
                "INSERT INTO lectern.budget (scope, period, cap_micros) VALUES ('models', 'day', 1000000000)")
            try await fixture.database.execute(
                "INSERT INTO lectern.kind_control (kind, queue, max_running) VALUES ('probe', 'probes', 12)")
            let isOver = Atomic(false)
            let runs = Atomic(0)
            let perform: @Sendable (Probe, JobContext) async throws -> JobOutcome<JobTransaction> = { probe, context in
                let run = runs.add(1, ordering: .relaxed).newValue
                switch run % 7 {
                case 0 where !context.isLastAttempt: throw JobError.retry("flaky", "once more", after: .zero)
                case 1: throw JobError.snooze("not_yet", "wait", for: .milliseconds(run % 2))
                case 2: throw JobError.permanent("bad_input", "no good")
                case 3: try await Task.sleep(for: .milliseconds(5))
                default: break
                }
                return JobOutcome(costMicros: Int64(run % 3))
            }
            let feed: @Sendable () async throws -> Void = {
                var n = 0
                while !isOver.load(ordering: .relaxed) {
                    n += 1
                    var options = EnqueueOptions(delay: .milliseconds(n % 3 == 0 ? 10 : 0))
                    if n % 2 == 0 { options.concurrency = .init(key: "book:\(n % 5)", limit: 2) }
                    if n % 5 == 0 {
                        options.budgets = ["models"]
                        options.costMicros = 2
                    }
                    let job = try await fixture.queue.enqueue(
                        Probe(name: "\(n)", key: n % 4 == 0 ? "key \(n % 8)" : nil), options: options)
                    if n % 11 == 0 {
                        _ = try await fixture.queue.enqueue(
                            Probe(name: "after \(n)"), options: EnqueueOptions(after: job.id))
                    }
                    if n % 13 == 0 { _ = try await fixture.inspector.cancel(job.id) }
                }
            }
            let die: @Sendable () async throws -> Void = {
                // A worker that dies again and again with what it holds.
                while !isOver.load(ordering: .relaxed) {
                    let worker = try await fixture.register()
                    _ = try await fixture.claim(3, worker: worker)
                    try await fixture.database.execute(
                        """
                        UPDATE lectern.worker SET seen_at = now() - interval '1 hour'
                        WHERE id = \(worker.rawValue)
                        """
                    )
                    _ = try await fixture.store.rescue(silence: .seconds(12), isThorough: false)
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await feed() }
                group.addTask { try await die() }
                try await fixture.withWorker(slots: 8, perform: perform) {
                    try await fixture.withWorker(slots: 8, perform: perform) {
                        let audit = QueueAudit(database: fixture.database)
                        for round in 1...20 {
                            for verdict in try await audit.run() where !verdict.holds {
                                Issue.record(
                                    "round \(round): \(verdict.invariant), \(verdict.promise): \(verdict.violations)")
                            }
                        }
                        #expect(runs.load(ordering: .relaxed) > 20)
                    }
                }
                isOver.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
        }
    }
}

extension EnqueueOptions {
    fileprivate init(after needed: JobID) {
        self.init()
        self.after = [needed]
    }
}

import Logging
import Postgres
import PostgresTesting
import Testing

@testable import JobQueue
@testable import JobQueuePostgres

/// What a claim may cost, whatever lies around it. These are counts of pages, not times, so they hold on any machine.
@Suite(.serialized) struct ClaimCostTests {
    private static let waiting = 50_000
    private static let finished = 50_000
    private static let batch = 50
    private static let searchLimit = 200
    /// Of the whole call: finding, locking and deleting the ready row, reading the body, writing the lease and its index.
    /// 11 to 13 were measured, one page counted as often as it was visited.
    private static let pagesPerJob = 16

    /// Bodies, waiting rows and finished jobs, without telling the planner.
    private static func fill(
        _ database: PostgresClient, waiting: Int = Self.waiting, finished: Int = Self.finished
    ) async throws {
        for (count, place) in [(finished, "done"), (waiting, "ready")] {
            let insert: SQL =
                place == "done"
                ? """
                INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms)
                SELECT id, 'probe', 'probes', 'succeeded', 1, 5, 5 FROM body
                """
                : """
                INSERT INTO lectern.ready (queue, lane, tag, job_id) SELECT 'probes', 10, id, id FROM body
                """
            try await database.execute(
                """
                WITH body AS (
                  INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms)
                  SELECT lectern.new_job_id(), 'probes', 'probe', '{"name": "a"}', 10, 3, 30000
                  FROM generate_series(1, \(count)) RETURNING id
                ) \(sql: insert)
                """, timeout: .seconds(60))
        }
    }

    private static func register(_ session: some PostgresSession) async throws -> WorkerID {
        let row = try await session.queryOne(
            "INSERT INTO lectern.worker (name, queues, slots) VALUES ('test', '{probes}', 100) RETURNING id")
        return WorkerID(rawValue: try #require(row).decode("id"))
    }

    private static func claim(
        _ worker: WorkerID, limit: Int = Self.batch, hints: [Int64] = ClaimRequest.noHints
    ) -> ClaimRequest {
        ClaimRequest(queue: "probes", limit: limit, worker: worker, hints: hints, aged: limit / ClaimCursor.agedShare)
    }

    /// The statements that look for runnable rows.
    private static func searches(_ plans: [PlanLog.Entry]) -> [PlanLog.Entry] {
        plans.filter { $0.text.contains("SKIP LOCKED") }
    }

    private static func check(_ plans: [PlanLog.Entry], _ sourceLocation: SourceLocation = #_sourceLocation) {
        let searches = Self.searches(plans)
        #expect(!searches.isEmpty, "no search was seen", sourceLocation: sourceLocation)
        for search in searches {
            let plan = search.plan.joined(separator: "\n")
            #expect(plan.contains("Index Scan using ready_pkey on ready"), "\(plan)", sourceLocation: sourceLocation)
            for dear in ["Sort", "Seq Scan on ready", "Bitmap", "Hash", "Merge"] {
                #expect(!plan.contains(dear), "\(plan)", sourceLocation: sourceLocation)
            }
        }
        let pages = searches.reduce(0) { $0 + $1.pages }
        #expect(pages <= Self.searchLimit, "the search touched \(pages) pages", sourceLocation: sourceLocation)
        let all = plans.last { $0.text.contains("lectern.claim(") }?.pages ?? 0
        #expect(
            all > 0 && all <= Self.pagesPerJob * Self.batch, "the claim touched \(all) pages",
            sourceLocation: sourceLocation)
        print("search \(pages) pages, claim \(all) pages for \(Self.batch) jobs")
    }

    @Test func aClaimWalksThePrimaryKeyThoughTheTablesWereEmptyWhenItWasPlanned() async throws {
        try await PlanLog.with { log in
            try await log.database.withConnection { connection in
                let worker = try await Self.register(connection)
                // A server session keeps its plans after some calls, also of what follows a search that found rows.
                try await Self.fill(log.database, waiting: 10, finished: 0)
                for _ in 0..<10 {
                    #expect(try await connection.query(.claim(Self.claim(worker, limit: 1)), timeout: nil).count == 1)
                }
                try await Self.fill(log.database)
                Self.check(try await log.plans(of: .claim(Self.claim(worker)), on: connection))
            }
        }
    }

    @Test func aClaimWalksThePrimaryKeyThoughThePlannerKnowsTheTables() async throws {
        try await PlanLog.with { log in
            try await Self.fill(log.database)
            try await log.database.execute(
                "VACUUM (ANALYZE) lectern.ready, lectern.job, lectern.done", timeout: .seconds(60))
            try await log.database.withConnection { connection in
                let worker = try await Self.register(connection)
                // The first call of a session reads the catalog.
                _ = try await connection.query(.claim(Self.claim(worker)), timeout: nil)
                Self.check(try await log.plans(of: .claim(Self.claim(worker)), on: connection))
            }
        }
    }

    /// Finding and deleting a lease by its key and writing one row of history: 8 were measured on the short way, 15 on
    /// the long one.
    private static let pagesPerEnd = 20

    private static func leased(_ request: ClaimRequest, on connection: PostgresConnection) async throws -> [ClaimedJob]
    {
        try await connection.query(.claim(request), timeout: nil).map { row in
            ClaimedJob(
                lease: JobLease(jobID: JobID(rawValue: try row.decode(0)), token: try row.decode(1)), kind: "probe",
                queue: "probes", arguments: "{}", attempt: 1, maxAttempts: 3, timeout: .seconds(30), lane: .standard,
                tag: try row.decode(12), isPlain: true)
        }
    }

    private static func successes(_ jobs: [ClaimedJob]) -> [JobEnding] {
        jobs.map { JobEnding(job: $0, action: .succeed(result: nil)) }
    }

    @Test func endsFindTheirLeasesByTheKeyThoughThePlannerKnowsTheTables() async throws {
        try await PlanLog.with { log in
            try await Self.fill(log.database)
            try await log.database.execute(
                "VACUUM (ANALYZE) lectern.ready, lectern.job, lectern.lease, lectern.done", timeout: .seconds(60))
            try await log.database.withConnection { connection in
                let worker = try await Self.register(connection)
                // The planner looks in a quiet moment, when every lease has just gone.
                let first = try await Self.leased(Self.claim(worker, limit: 10), on: connection)
                _ = try await connection.query(.finish(Self.successes(first)), timeout: nil)
                try await connection.execute("ANALYZE lectern.lease")
                let endings = Self.successes(try await Self.leased(Self.claim(worker, limit: 5_000), on: connection))
                // A session settles on a plan after some calls.
                for start in stride(from: 0, to: 500, by: Self.batch) {
                    _ = try await connection.query(.finish(Array(endings[start..<start + Self.batch])), timeout: nil)
                }
                for ends in [SQL.finish(Array(endings[500..<550])), .end(Array(endings[550..<600]))] {
                    let plans = try await log.plans(of: ends, on: connection)
                    let deletes = plans.filter { $0.text.contains("DELETE FROM lectern.lease") }
                    #expect(!deletes.isEmpty, "no end was seen")
                    for delete in deletes {
                        let plan = delete.plan.joined(separator: "\n")
                        #expect(plan.contains("Index Scan using lease_pkey on lease"), "\(plan)")
                        #expect(!plan.contains("Seq Scan on lease"), "\(plan)")
                    }
                    let pages = plans.last?.pages ?? 0
                    #expect(pages > 0 && pages <= Self.pagesPerEnd * Self.batch, "the ends touched \(pages) pages")
                    print("ends \(pages) pages for \(Self.batch) jobs")
                }
            }
        }
    }

    @Test func aHintKeepsTheClaimShortWhileAnOldTransactionKeepsEveryDeadRow() async throws {
        try await PlanLog.with { log in
            try await Self.fill(log.database)
            try await log.database.withTransaction(timeout: .seconds(120)) { pin in
                try await pin.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                try await pin.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                // A snapshot from before every claim.
                _ = try await pin.query("SELECT count(*) FROM lectern.ready", timeout: nil)
                try await log.database.withConnection { connection in
                    let worker = try await Self.register(connection)
                    var cursor = ClaimCursor(now: ContinuousClock().now)
                    var hints = ClaimRequest.noHints
                    for _ in 0..<40 {
                        // The time stands still, so that the cursor never looks at all again.
                        let now = ContinuousClock().now
                        let plan = cursor.next(limit: 500, now: now)
                        let request = ClaimRequest(
                            queue: "probes", limit: 500, worker: worker, hints: plan.hints, aged: plan.aged)
                        let jobs = try await Self.leased(request, on: connection)
                        #expect(jobs.count == 500)
                        _ = cursor.claimed(jobs, plan: plan, limit: 500, took: .seconds(10), now: now)
                        hints = cursor.next(limit: 0, now: now).hints
                        _ = try await connection.query(.finish(Self.successes(jobs)), timeout: nil)
                    }
                    // The hint stands at the last full batch, whose rows are still in the way.
                    Self.check(
                        try await log.plans(of: .claim(Self.claim(worker, hints: hints)), on: connection))
                    let blind = try await log.plans(of: .claim(Self.claim(worker)), on: connection)
                    let pages = Self.searches(blind).reduce(0) { $0 + $1.pages }
                    #expect(pages > Self.searchLimit, "the dead rows were not in the way: \(pages) pages")
                }
            }
        }
    }
}

public import Postgres

/// Checks the promises that the queue's rows must keep at every moment, on a live system.
///
/// Each check is one read-only statement, so it sees one state of the database; work goes on meanwhile. The numbers are
/// those of docs/job-lifecycle.md.
public struct QueueAudit: Sendable {
    /// One promise and what speaks against it.
    public struct Verdict: Hashable, Sendable {
        /// `I1` to `I11`.
        public var invariant: String
        /// The promise in words.
        public var promise: String
        /// What breaks it, at most ten cases: job ids or sentences.
        public var violations: [String]

        public var holds: Bool { self.violations.isEmpty }
    }

    private let database: PostgresClient
    private let timeout: Duration

    /// - Parameter timeout: of each check; the largest reads every finished job that is kept.
    public init(database: PostgresClient, timeout: Duration = .seconds(300)) {
        self.database = database
        self.timeout = timeout
    }

    public func run() async throws -> [Verdict] {
        var verdicts: [Verdict] = []
        for check in Self.checks {
            let rows = try await self.database.query(check.statement, timeout: self.timeout)
            verdicts.append(
                Verdict(
                    invariant: check.invariant, promise: check.promise,
                    violations: try rows.map { try $0.decode("violation") }))
        }
        verdicts.append(try await self.fetchCost())
        return verdicts
    }

    /// How many pages the search for a batch of 50 touches: I11, for the queue with the most runnable rows.
    private func fetchCost() async throws -> Verdict {
        let limit = 200
        var verdict = Verdict(
            invariant: "I11", promise: "finding a batch of 50 touches at most \(limit) pages", violations: [])
        let clocks = try await self.database.query(
            "SELECT queue, lane, tag FROM lectern.queue_clock ORDER BY at DESC LIMIT 30", timeout: self.timeout)
        for clock in clocks {
            let queue = try clock.decode("queue", as: String.self)
            let plan = try await self.database.query(
                """
                EXPLAIN (ANALYZE, BUFFERS, TIMING off, SUMMARY off)
                SELECT ctid FROM lectern.ready WHERE queue = \(queue) AND lane = \(try clock.decode("lane", as: Int16.self))
                  AND tag >= \(try clock.decode("tag", as: Int64.self)) ORDER BY tag, job_id LIMIT 50
                """, timeout: self.timeout)
            let text = try plan.map { try $0.decode(0, as: String.self) }
            guard let pages = Self.pages(in: text) else { continue }
            if pages > limit { verdict.violations.append("queue \(queue): \(pages) pages") }
        }
        return verdict
    }

    /// The pages that the first, outermost node of a plan touched; `nil` when the plan does not say.
    static func pages(in plan: [String]) -> Int? {
        guard let line = plan.first(where: { $0.contains("Buffers:") }) else { return nil }
        return line.split(separator: " ").reduce(0) { sum, word in
            let parts = word.split(separator: "=")
            guard parts.count == 2, parts[0] == "hit" || parts[0] == "read" else { return sum }
            return sum + (Int(parts[1]) ?? 0)
        }
    }

    private struct Check {
        var invariant: String
        var promise: String
        var statement: SQL
    }

    private static let live: SQL = """
        SELECT job_id, 'ready' AS place FROM lectern.ready UNION ALL SELECT job_id, 'scheduled' FROM lectern.scheduled
        UNION ALL SELECT job_id, 'blocked' FROM lectern.blocked UNION ALL SELECT job_id, 'lease' FROM lectern.lease
        """

    private static let checks: [Check] = [
        Check(
            invariant: "I1", promise: "a job stands in exactly one place",
            statement: """
                WITH live AS (\(sql: live)), ended AS (
                  SELECT job_id, 'done' AS place FROM lectern.done UNION ALL SELECT job_id, 'dead' FROM lectern.dead
                )
                (SELECT format('%s stands in %s', job_id, string_agg(place, ', ' ORDER BY place)) AS violation
                 FROM (SELECT * FROM live UNION ALL SELECT * FROM ended) AS everywhere
                 GROUP BY job_id HAVING count(*) > 1 LIMIT 10)
                UNION ALL
                (SELECT format('%s stands nowhere', j.id) FROM lectern.job j
                 WHERE NOT EXISTS (SELECT FROM live l WHERE l.job_id = j.id)
                   AND NOT EXISTS (SELECT FROM ended e WHERE e.job_id = j.id)
                   -- What ended before the oldest kept end was dropped with its partition, perhaps the last one.
                   AND lectern.job_time(j.id) > greatest(
                         lectern.first_kept('done')::timestamp AT TIME ZONE 'UTC',
                         (SELECT min(finished_at) FROM lectern.done))
                 LIMIT 10)
                """),
        Check(
            invariant: "I2", promise: "nothing is written for a run after its job's end",
            // A statement's instant is the start of its transaction: a cancellation that waited for the end of a run may
            // bear an earlier one than that end.
            statement: """
                SELECT format('%s: %s after its end', e.job_id, e.what) AS violation
                FROM lectern.done d JOIN lectern.event e ON e.job_id = d.job_id
                WHERE e.at > d.finished_at + interval '10 seconds' AND e.token IS NOT NULL LIMIT 10
                """),
        Check(
            invariant: "I3", promise: "tokens grow with every run of a job",
            // Two instants that are close say little of their order here either. A run under way is its job's last,
            // whatever the clock says.
            statement: """
                (SELECT format('%s: token %s runs after %s', l.job_id, l.token, e.token) AS violation
                 FROM lectern.lease l JOIN lectern.event e ON e.job_id = l.job_id AND e.token >= l.token LIMIT 10)
                UNION ALL
                (SELECT format('%s: token %s ended after %s', later.job_id, later.token, earlier.token)
                 FROM lectern.event later JOIN lectern.event earlier ON earlier.job_id = later.job_id
                  AND earlier.at < later.at - interval '10 seconds' AND earlier.token >= later.token LIMIT 10)
                """),
        Check(
            invariant: "I4", promise: "what is ready needs no other job",
            statement: """
                SELECT format('%s waits for %s', r.job_id, d.needs) AS violation
                FROM lectern.dependency d JOIN lectern.ready r ON r.job_id = d.job_id LIMIT 10
                """),
        Check(
            invariant: "I5", promise: "a key flies exactly as long as its job lives",
            statement: """
                WITH live AS (\(sql: live))
                (SELECT format('key %s flies for %s', f.key, f.job_id) AS violation FROM lectern.flight f
                 LEFT JOIN live l ON l.job_id = f.job_id LEFT JOIN lectern.job j ON j.id = f.job_id
                 WHERE l.job_id IS NULL OR j.unique_key IS DISTINCT FROM f.key LIMIT 10)
                UNION ALL
                (SELECT format('%s lives without its key', l.job_id) FROM live l
                 JOIN lectern.job j ON j.id = l.job_id AND j.unique_key IS NOT NULL
                 WHERE NOT EXISTS (SELECT FROM lectern.flight f WHERE f.key = j.unique_key AND f.job_id = j.id)
                   AND NOT EXISTS (SELECT FROM lectern.stop_wish s WHERE s.job_id = j.id) LIMIT 10)
                """),
        Check(
            invariant: "I6", promise: "no gate admits more runs than its limit, and slots belong to runs",
            statement: """
                (SELECT format('slot of %s at %s without a run', s.job_id, s.gate) AS violation FROM lectern.slot s
                 WHERE NOT EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = s.job_id) LIMIT 10)
                UNION ALL
                -- A limit that was lowered lets the runs under way finish, so they do not count against it.
                (SELECT format('%s admits %s of %s', g.gate, g.runs, g.most) FROM (
                   SELECT s.gate, count(*) AS runs, lectern.gate_limit(s.gate, max(j.conc_limit)::int) AS most
                   FROM lectern.slot s JOIN lectern.job j ON j.id = s.job_id JOIN lectern.lease l ON l.job_id = j.id
                   LEFT JOIN lectern.kind_control k ON s.gate = 'kind:' || k.kind
                   LEFT JOIN lectern.queue_control q ON s.gate = 'queue:' || q.queue
                   WHERE l.started_at > greatest(k.updated_at, q.updated_at, '-infinity')
                   GROUP BY s.gate) AS g
                 WHERE g.runs > g.most LIMIT 10)
                """),
        Check(
            invariant: "I7", promise: "only failed and lost runs spend attempts",
            statement: """
                SELECT format('%s spent %s, %s runs failed', w.job_id, w.attempt, w.failed) AS violation FROM (
                  SELECT p.job_id, p.attempt, (
                    SELECT count(*) FROM lectern.event e WHERE e.job_id = p.job_id AND e.what IN ('retry', 'lost')
                  ) AS failed
                  FROM (SELECT job_id, attempt FROM lectern.ready WHERE attempt > 0
                        UNION ALL SELECT job_id, attempt FROM lectern.scheduled WHERE attempt > 0
                        UNION ALL SELECT job_id, attempt FROM lectern.blocked WHERE attempt > 0
                        UNION ALL SELECT job_id, attempt - 1 FROM lectern.lease WHERE attempt > 1) AS p
                ) AS w
                WHERE w.attempt > w.failed
                  AND lectern.job_time(w.job_id) > coalesce((SELECT min(at) FROM lectern.event), 'infinity') LIMIT 10
                """),
        Check(
            invariant: "I8", promise: "every instant is the database's own",
            statement: """
                (SELECT format('lease of %s begins in the future', job_id) AS violation FROM lectern.lease
                 WHERE started_at > now() + interval '1 second' LIMIT 10)
                UNION ALL
                (SELECT format('worker %s was seen in the future', id) FROM lectern.worker
                 WHERE seen_at > now() + interval '1 second' LIMIT 10)
                UNION ALL
                (SELECT format('%s ended in the future', job_id) FROM lectern.done
                 WHERE finished_at > now() + interval '1 second' LIMIT 10)
                """),
        Check(
            invariant: "I9", promise: "no budget promises more than it has",
            statement: """
                (SELECT format('budget %s has %s', b.scope, lectern.budget_left(b.scope)) AS violation
                 FROM lectern.budget b
                 WHERE lectern.budget_left(b.scope) < 0
                   -- Runs may cost more than was held for them; what they overspent is no promise.
                   AND EXISTS (SELECT FROM lectern.budget_hold h WHERE h.scope = b.scope)
                   AND lectern.budget_left(b.scope) + coalesce((
                     SELECT s.over_micros FROM lectern.budget_spent s
                     WHERE s.scope = b.scope AND s.period_start = lectern.period_start(b.period)), 0) < 0 LIMIT 10)
                UNION ALL
                (SELECT format('%s micros held for %s, which does not run', h.micros, h.job_id)
                 FROM lectern.budget_hold h
                 WHERE NOT EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = h.job_id) LIMIT 10)
                """),
        Check(
            invariant: "I10", promise: "every living job has its body",
            statement: """
                WITH live AS (\(sql: live))
                SELECT format('%s in %s has no body', l.job_id, l.place) AS violation FROM live l
                WHERE NOT EXISTS (SELECT FROM lectern.job j WHERE j.id = l.job_id) LIMIT 10
                """),
    ]
}

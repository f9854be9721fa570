public import JobQueue
public import Postgres

/// One job in a list for operators.
public struct JobListEntry: Hashable, Sendable {
    public var id: JobID
    public var state: JobSnapshot.State
    public var queue: String
    public var kind: String
    /// Runs begun so far.
    public var attempt: Int
    /// Since it was accepted.
    public var age: Duration
    /// What it waits at, only while it is blocked.
    public var gate: String?
    /// Why it failed or was ended, where something is known.
    public var code: String?
}

/// Which jobs to list; `nil` for any.
public struct JobListFilter: Hashable, Sendable {
    public var queue: String?
    public var kind: String?
    public var state: JobSnapshot.State?
    /// Why it failed or was ended.
    public var code: String?
    /// Only jobs that were accepted before this one, for the next page.
    public var before: JobID?

    public init(
        queue: String? = nil, kind: String? = nil, state: JobSnapshot.State? = nil, code: String? = nil,
        before: JobID? = nil
    ) {
        self.queue = queue
        self.kind = kind
        self.state = state
        self.code = code
        self.before = before
    }
}

/// Lists jobs for operators.
public struct JobList: Sendable {
    /// The most entries of one list.
    public static let maximumLimit = 1_000
    private static let statementTimeout: Duration = .seconds(10)

    private let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// The matching jobs, the newest first.
    ///
    /// Reads only the tables that the state names, and locks nothing. A filter on the kind of rare jobs reads many rows
    /// where many wait; the statement is cancelled after ten seconds.
    ///
    /// - Parameter limit: from 1 to ``maximumLimit``; what lies outside is taken to the nearest of them.
    public func jobs(_ filter: JobListFilter = JobListFilter(), limit: Int = 50) async throws -> [JobListEntry] {
        let limit = Int32(min(max(1, limit), Self.maximumLimit))
        let state = filter.state?.rawValue
        let (queue, kind, code, before) = (filter.queue, filter.kind, filter.code, filter.before?.rawValue ?? .max)
        return try await self.database.query(
            """
            SELECT x.*, greatest(0, extract(epoch FROM now() - lectern.job_time(x.job_id)) * 1000)::int8 AS age_ms FROM (
              (SELECT r.job_id, 'ready' AS state, r.queue, j.kind, r.attempt::int AS attempt, NULL::text AS gate,
                      NULL::text AS code
               FROM lectern.ready r JOIN lectern.job j ON j.id = r.job_id
               WHERE coalesce(\(state), 'ready') = 'ready' AND r.queue = coalesce(\(queue), r.queue)
                 AND j.kind = coalesce(\(kind), j.kind) AND \(code)::text IS NULL AND r.job_id < \(before)
               ORDER BY r.job_id DESC LIMIT \(limit))
              UNION ALL
              (SELECT s.job_id, 'scheduled', s.queue, j.kind, s.attempt, NULL, s.why
               FROM lectern.scheduled s JOIN lectern.job j ON j.id = s.job_id
               WHERE coalesce(\(state), 'scheduled') = 'scheduled' AND s.queue = coalesce(\(queue), s.queue)
                 AND j.kind = coalesce(\(kind), j.kind) AND \(code)::text IS NULL AND s.job_id < \(before)
               ORDER BY s.job_id DESC LIMIT \(limit))
              UNION ALL
              (SELECT b.job_id, 'blocked', b.queue, j.kind, b.attempt, b.gate, NULL
               FROM lectern.blocked b JOIN lectern.job j ON j.id = b.job_id
               WHERE coalesce(\(state), 'blocked') = 'blocked' AND b.queue = coalesce(\(queue), b.queue)
                 AND j.kind = coalesce(\(kind), j.kind) AND \(code)::text IS NULL AND b.job_id < \(before)
               ORDER BY b.job_id DESC LIMIT \(limit))
              UNION ALL
              (SELECT l.job_id, 'running', l.queue, l.kind, l.attempt, NULL, NULL FROM lectern.lease l
               WHERE coalesce(\(state), 'running') = 'running' AND l.queue = coalesce(\(queue), l.queue)
                 AND l.kind = coalesce(\(kind), l.kind) AND \(code)::text IS NULL AND l.job_id < \(before)
               ORDER BY l.job_id DESC LIMIT \(limit))
              UNION ALL
              (SELECT d.job_id, 'dead', d.queue, d.kind, d.attempt, NULL, d.code FROM lectern.dead d
               WHERE coalesce(\(state), 'dead') = 'dead' AND d.queue = coalesce(\(queue), d.queue)
                 AND d.kind = coalesce(\(kind), d.kind) AND (\(code)::text IS NULL OR d.code = \(code)) AND d.job_id < \(before) ORDER BY d.job_id DESC LIMIT \(limit))
              UNION ALL
              (SELECT d.job_id, d.outcome, d.queue, d.kind, d.attempt, NULL, d.code FROM lectern.done d
               WHERE d.outcome = coalesce(\(state), d.outcome) AND d.queue = coalesce(\(queue), d.queue)
                 AND d.kind = coalesce(\(kind), d.kind) AND (\(code)::text IS NULL OR d.code = \(code)) AND d.job_id < \(before) ORDER BY d.job_id DESC LIMIT \(limit))
            ) AS x ORDER BY x.job_id DESC LIMIT \(limit)
            """, timeout: Self.statementTimeout
        ).compactMap { row in
            guard let state = JobSnapshot.State(rawValue: try row.decode("state")) else { return nil }
            return JobListEntry(
                id: JobID(rawValue: try row.decode("job_id")), state: state, queue: try row.decode("queue"),
                kind: try row.decode("kind"), attempt: try row.decode("attempt"),
                age: .milliseconds(try row.decode("age_ms", as: Int64.self)),
                gate: try row.decode("gate", as: String?.self), code: try row.decode("code", as: String?.self))
        }
    }
}

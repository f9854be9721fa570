public import FoundationEssentials
public import JobQueue
public import Postgres

/// What operators see of the queue at a glance.
public struct QueueOverview: Sendable, Hashable {
    /// Counts stop here: an exact number of a million rows costs more than it tells.
    public static let countCap = 1_001

    /// One queue. A count of ``QueueOverview/countCap`` means "at least so many".
    public struct Queue: Sendable, Hashable {
        public var name: String
        public var ready: Int
        public var scheduled: Int
        public var running: Int
        public var dead: Int
        /// Waiting at a limit, a budget, a pause of their kind or for other jobs.
        public var blocked: Int
        /// True while operators keep the whole queue from being claimed.
        public var isPaused: Bool
        /// How long the job that has been ready longest exists; `nil` when none is ready.
        public var oldestReadyAge: Duration?
    }

    /// A worker process that was seen within the last hour.
    public struct Worker: Sendable, Hashable {
        public var id: Int64
        public var name: String
        public var queues: [String]
        public var slots: Int
        public var running: Int
        public var isDraining: Bool
        public var heartbeatAge: Duration
    }

    /// A job that was given up.
    public struct DeadLetter: Sendable, Hashable {
        public var id: JobID
        public var diedAt: Date
        public var queue: String
        public var kind: String
        /// Runs spent.
        public var attempts: Int
        public var code: String
        public var message: String?
    }

    /// In the order of their names.
    public var queues: [Queue]
    /// The most recently seen first, at most 100.
    public var workers: [Worker]
    /// The latest first, at most 20.
    public var deadLetters: [DeadLetter]
}

/// Reads the overview.
public struct QueueOverviewStore: Sendable {
    private static let statementTimeout: Duration = .seconds(5)

    private let database: PostgresClient

    /// A store over the shared client.
    public init(database: PostgresClient) {
        self.database = database
    }

    /// The queue at a glance: three statements, each read only and bounded to five seconds.
    public func overview() async throws -> QueueOverview {
        async let queues = self.queues()
        async let workers = self.workers()
        async let deadLetters = self.deadLetters()
        return try await QueueOverview(queues: queues, workers: workers, deadLetters: deadLetters)
    }

    /// Locks nothing. Names of queues hop along the primary key of `ready`; its counts and ages are index-only, those of
    /// the small tables stop at the cap.
    private func queues() async throws -> [QueueOverview.Queue] {
        let cap = QueueOverview.countCap
        let rows = try await self.database.query(
            """
            WITH RECURSIVE hop AS (
              (SELECT queue FROM lectern.ready ORDER BY queue LIMIT 1)
              UNION ALL
              SELECT (SELECT r.queue FROM lectern.ready r WHERE r.queue > h.queue ORDER BY r.queue LIMIT 1)
              FROM hop h WHERE h.queue IS NOT NULL
            ), known AS (
              SELECT queue FROM hop WHERE queue IS NOT NULL
              UNION SELECT unnest(queues) FROM lectern.worker WHERE seen_at > now() - interval '1 hour'
              UNION SELECT queue FROM lectern.lease
              UNION SELECT queue FROM (SELECT queue FROM lectern.scheduled LIMIT \(cap)) AS s
              UNION SELECT queue FROM (SELECT queue FROM lectern.dead LIMIT \(cap)) AS d
              UNION SELECT queue FROM (SELECT queue FROM lectern.blocked LIMIT \(cap)) AS b
              UNION SELECT queue FROM lectern.queue_control WHERE paused_until > now()
            )
            SELECT k.queue,
                   (SELECT count(*) FROM (SELECT FROM lectern.ready WHERE queue = k.queue LIMIT \(cap)) AS x) AS ready,
                   (SELECT count(*) FROM (SELECT FROM lectern.scheduled WHERE queue = k.queue LIMIT \(cap)) AS x)
                     AS scheduled,
                   (SELECT count(*) FROM (SELECT FROM lectern.lease WHERE queue = k.queue LIMIT \(cap)) AS x) AS running,
                   (SELECT count(*) FROM (SELECT FROM lectern.dead WHERE queue = k.queue LIMIT \(cap)) AS x) AS dead,
                   (SELECT count(*) FROM (SELECT FROM lectern.blocked WHERE queue = k.queue LIMIT \(cap)) AS x)
                     AS blocked,
                   EXISTS (SELECT FROM lectern.queue_control c WHERE c.queue = k.queue AND c.paused_until > now())
                     AS paused,
                   (SELECT CASE WHEN min(first.job_id) IS NOT NULL THEN
                      greatest(0, extract(epoch FROM now() - lectern.job_time(min(first.job_id))) * 1000)::int8 END
                      FROM unnest('{0,10,20}'::int2[]) AS probe (lane) CROSS JOIN LATERAL
                        (SELECT job_id FROM lectern.ready WHERE queue = k.queue AND lane = probe.lane
                         ORDER BY tag, job_id LIMIT 1) AS first) AS oldest_ms
            FROM known k ORDER BY k.queue
            """, timeout: Self.statementTimeout)
        return try rows.map { row in
            QueueOverview.Queue(
                name: try row.decode("queue"), ready: try row.decode("ready"), scheduled: try row.decode("scheduled"),
                running: try row.decode("running"), dead: try row.decode("dead"),
                blocked: try row.decode("blocked"), isPaused: try row.decode("paused"),
                oldestReadyAge: try row.decode("oldest_ms", as: Int64?.self).map { .milliseconds($0) })
        }
    }

    /// Locks nothing; there is one row per process.
    private func workers() async throws -> [QueueOverview.Worker] {
        let rows = try await self.database.query(
            """
            SELECT id, name, queues, slots, running, draining,
                   greatest(0, extract(epoch FROM now() - seen_at) * 1000)::int8 AS age_ms
            FROM lectern.worker WHERE seen_at > now() - interval '1 hour' ORDER BY seen_at DESC, id LIMIT 100
            """, timeout: Self.statementTimeout)
        return try rows.map { row in
            QueueOverview.Worker(
                id: try row.decode("id"), name: try row.decode("name"), queues: try row.decode("queues"),
                slots: try row.decode("slots"), running: try row.decode("running"),
                isDraining: try row.decode("draining"),
                heartbeatAge: .milliseconds(try row.decode("age_ms", as: Int64.self)))
        }
    }

    /// Locks nothing; sorts the dead letters, of which there are few while anyone looks after them.
    private func deadLetters() async throws -> [QueueOverview.DeadLetter] {
        let rows = try await self.database.query(
            """
            SELECT job_id, died_at, queue, kind, attempt::int AS attempt, code, left(message, 300) AS message
            FROM lectern.dead ORDER BY died_at DESC, job_id DESC LIMIT 20
            """, timeout: Self.statementTimeout)
        return try rows.map { row in
            QueueOverview.DeadLetter(
                id: JobID(rawValue: try row.decode("job_id")), diedAt: try row.decode("died_at"),
                queue: try row.decode("queue"), kind: try row.decode("kind"), attempts: try row.decode("attempt"),
                code: try row.decode("code"), message: try row.decode("message", as: String?.self))
        }
    }
}

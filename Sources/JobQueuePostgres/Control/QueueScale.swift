public import JobQueue
public import Postgres

/// How many worker processes a queue should have, and why.
public struct QueueScale: Hashable, Sendable {
    public var queue: String
    public var desired: Int
    public var rule: AutoscaleRule
    public var load: AutoscaleRule.Load
    /// How long the job that has been due longest exists; zero when none is.
    public var oldestAge: Duration
}

/// Reads the view `lectern.autoscale`.
public struct QueueScales: Sendable {
    private let database: PostgresClient

    /// A reader over the shared client.
    public init(database: PostgresClient) {
        self.database = database
    }

    /// Every queue that has a rule, in the order of their names. Locks nothing; counts stop at 100,000.
    public func all() async throws -> [QueueScale] {
        // A view with many small parts: compiling it would take the server seconds, running it takes milliseconds.
        let rows = try await self.database.withTransaction(timeout: .seconds(5)) { session in
            try await session.execute("SET LOCAL jit = off")
            return try await session.query(
                """
                SELECT queue, desired, queued, running, capacity_per_replica, (oldest_age_s * 1000)::int8 AS oldest_ms,
                       mean_run_ms, target_wait_ms, min_replicas, max_replicas, max_running
                FROM lectern.autoscale ORDER BY queue
                """)
        }
        return try rows.map { row in
            QueueScale(
                queue: try row.decode("queue"), desired: try row.decode("desired"),
                rule: AutoscaleRule(
                    targetWait: .milliseconds(try row.decode("target_wait_ms", as: Int64.self)),
                    replicas: try row.decode("min_replicas")...row.decode("max_replicas")),
                load: AutoscaleRule.Load(
                    due: try row.decode("queued"), running: try row.decode("running"),
                    meanRun: .milliseconds(1) * (try row.decode("mean_run_ms", as: Double.self)),
                    perReplica: try row.decode("capacity_per_replica"),
                    maxRunning: try row.decode("max_running", as: Int?.self)),
                oldestAge: .milliseconds(try row.decode("oldest_ms", as: Int64.self)))
        }
    }
}

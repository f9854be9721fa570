public import Postgres

/// What keeps the queue's tables small and its clock published. Every call is bounded and may run twice at once.
///
/// The statements stand in the database as functions (Schema/Migrations/0010_leader.up.sql).
public struct QueueUpkeep: Sendable {
    /// Rows that one sweep takes of each kind.
    public static let portion = 2_000
    private static let timeout: Duration = .seconds(60)

    private let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// Publishes how far each lane has been served.
    public func publishClock() async throws {
        _ = try await self.database.query("SELECT lectern.publish_clock()", timeout: .seconds(5))
    }

    /// Makes the partitions of the next days.
    /// - Throws: a transient error when the tables were too busy for their short lock.
    public func makePartitions() async throws {
        _ = try await self.database.query("SELECT lectern.ensure_partitions()", timeout: Self.timeout)
    }

    /// Drops the partitions whose retention is over, each in a transaction of its own, and answers their names.
    /// - Throws: a transient error when a table was too busy for its short lock; what was dropped stays dropped.
    @discardableResult
    public func dropOldPartitions() async throws -> [String] {
        var dropped: [String] = []
        for table in ["event", "done", "stat_minute", "job"] {
            while let name = try await self.database.queryOne(
                "SELECT lectern.drop_old_partition(\(table)) AS name", timeout: Self.timeout
            )?.decode("name", as: String?.self) {
                dropped.append(name)
            }
        }
        return dropped
    }

    /// Deletes dead letters and strays of default partitions whose retention is over, a portion of each. Answers how
    /// many rows went.
    public func sweepRetention() async throws -> Int {
        try await self.rows("SELECT lectern.sweep_dead(\(Int32(Self.portion)))")
            + self.rows("SELECT lectern.sweep_defaults(\(Int32(Self.portion)))")
    }

    /// Deletes what has served its time: idempotency keys, lineages, requesters' tags, records of firings. Answers how
    /// many rows went.
    public func sweepLeftovers() async throws -> Int {
        try await self.rows("SELECT lectern.sweep_leftovers(\(Int32(Self.portion)))")
    }

    /// Deletes requests' idempotency keys whose time is over, and wishes for a webhook that nothing fulfilled. Answers how
    /// many rows went.
    public func sweepRequests() async throws -> Int {
        try await self.rows("SELECT lectern.sweep_http(\(Int32(Self.portion)))")
    }

    /// Takes waiters off whose time is over; a job that nobody waits for any more is cancelled. Answers how many left.
    public func sweepWaiters() async throws -> Int {
        try await self.rows("SELECT lectern.sweep_waiters(\(Int32(Self.portion)))")
    }

    /// Ends waiting jobs that are not worth a run any more, wherever no claim looks at them. Answers how many.
    public func sweepExpired() async throws -> Int {
        try await self.rows("SELECT lectern.sweep_expired(\(Int32(Self.portion)))")
    }

    private func rows(_ sweep: SQL) async throws -> Int {
        try await self.database.queryOne(sweep, timeout: Self.timeout)?.decode(0) ?? 0
    }
}

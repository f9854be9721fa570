public import JobQueue
public import Postgres

/// One worker process, for operators.
public struct WorkerEntry: Hashable, Sendable {
    public var id: WorkerID
    public var name: String
    public var queues: [String]
    public var slots: Int
    public var running: Int
    public var isDraining: Bool
    /// What operators want of it.
    public var wish: WorkerWish?
    public var heartbeatAge: Duration
}

/// The operators' hand on worker processes.
public struct WorkerControl: Sendable {
    private let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// Every worker that is registered, by name. A silent one stands here until the others rescue its work.
    public func list() async throws -> [WorkerEntry] {
        // One row per process; locks nothing.
        try await self.database.query(
            """
            SELECT id, name, queues, slots, running, draining, wish,
                   greatest(0, extract(epoch FROM now() - seen_at) * 1000)::int8 AS age_ms
            FROM lectern.worker ORDER BY name, id
            """, timeout: .seconds(5)
        ).map { row in
            WorkerEntry(
                id: WorkerID(rawValue: try row.decode("id")), name: try row.decode("name"),
                queues: try row.decode("queues"), slots: try row.decode("slots"), running: try row.decode("running"),
                isDraining: try row.decode("draining"),
                wish: try row.decode("wish", as: String?.self).flatMap(WorkerWish.init),
                heartbeatAge: .milliseconds(try row.decode("age_ms", as: Int64.self)))
        }
    }

    /// Tells a worker what is wanted of it, `nil` to go on working; it hears so at its next heartbeat. False when there
    /// is no such worker. Who was told to stop drains, and does not come back.
    public func wish(_ wish: WorkerWish?, of worker: WorkerID) async throws -> Bool {
        // One row by primary key.
        try await self.database.execute(
            "UPDATE lectern.worker SET wish = \(wish?.rawValue) WHERE id = \(worker.rawValue)") > 0
    }
}

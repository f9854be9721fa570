import ArgumentParser
import Schema

/// Says how this queue wants to be driven. Needs no database.
struct MetaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meta", abstract: "Prints what a benchmark has to know, as JSON.")

    private struct Description: Encodable {
        var modes: [String]
        var concurrency: Int
        var remainingSQL: String
        var versions: [String: String]
        var notes: [String]

        enum CodingKeys: String, CodingKey {
            case modes, concurrency, versions, notes
            case remainingSQL = "remaining_sql"
        }
    }

    func run() async throws {
        let schema = try Migration.bundled().last?.version ?? 0
        try Output.json(
            Description(
                modes: EnqueueMode.allCases.map(\.rawValue), concurrency: WorkerCommand.defaultConcurrency,
                remainingSQL: Self.remainingSQL, versions: ["schema": String(schema)],
                notes: [
                    "at least once; every end of a run is fenced by its lease's token and kept in the history",
                    "a worker claims up to \(WorkerCommand.prefetch) jobs ahead of its free slots",
                    "single and concurrent enqueuers run where the client reads its answers (PostgresClient.executor)",
                    "bulk enqueues commit every \(EnqueueCommand.bulkSize) jobs",
                    "the worker listens on a connection of its own and polls every second",
                ]))
    }

    /// Reads each place of a live job by its key: a plain look would walk over the rows that a drain left behind.
    private static let remainingSQL = """
        SELECT 1 WHERE (SELECT job_id FROM lectern.ready ORDER BY queue, lane, tag, job_id LIMIT 1) IS NOT NULL \
        OR (SELECT job_id FROM lectern.lease ORDER BY job_id LIMIT 1) IS NOT NULL \
        OR (SELECT job_id FROM lectern.scheduled ORDER BY run_at, job_id LIMIT 1) IS NOT NULL \
        OR (SELECT job_id FROM lectern.blocked ORDER BY job_id LIMIT 1) IS NOT NULL
        """
}

/// Brings the database's schema up to date.
struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup", abstract: "Makes the queue's tables in an empty database.")

    func run() async throws {
        try await QueueBench.withDatabase("setup", connections: 1) { database in
            try await Migrator(
                database: database, migrations: try Migration.bundled(), logger: QueueBench.logger
            ).up()
        }
    }
}

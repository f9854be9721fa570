import JobQueue
import Postgres

/// Loads many plain jobs with COPY, in the caller's transaction.
enum BulkLoad {
    /// From so many jobs on, COPY beats the statement.
    static let threshold = 1_000
    /// Jobs whose ids are asked for at once.
    private static let stretch = 20_000
    /// Rows that are loaded together, bodies first, then places. While the server takes them, the next ones are encoded;
    /// the first are few, so that it has something to take soon.
    private static let portion = 4_000
    private static let firstPortion = 500

    /// The jobs must be plain: without keys and without options beyond a lane. Answers in their order.
    static func store<Arguments: JobArguments>(
        _ arguments: [Arguments], options: EnqueueOptions, in connection: PostgresConnection
    ) async throws -> [EnqueuedJob] {
        var jobs: [EnqueuedJob] = []
        jobs.reserveCapacity(arguments.count)
        for start in stride(from: 0, to: arguments.count, by: Self.stretch) {
            let stretch = arguments[start..<min(start + Self.stretch, arguments.count)]
            for id in try await Self.load(stretch, options, in: connection) {
                jobs.append(EnqueuedJob(id: JobID(rawValue: id), outcome: .stored))
            }
        }
        return jobs
    }

    private static func load<Arguments: JobArguments>(
        _ stretch: ArraySlice<Arguments>, _ options: EnqueueOptions, in connection: PostgresConnection
    ) async throws -> [Int64] {
        async let first = JobRow.rows(stretch.prefix(Self.firstPortion), options: options)
        let ids = try await Self.ids(stretch.count, in: connection)
        var rows = try await first
        var loaded = 0
        while !rows.isEmpty {
            let rest = stretch.dropFirst(loaded + rows.count).prefix(Self.portion)
            async let next = JobRow.rows(rest, options: options)
            let loads = zip(ids[loaded...], rows)
            try await connection.copyIn(
                "lectern.job", columns: Self.bodyColumns, rows: loads.lazy.map { Self.body(id: $0, $1) })
            try await connection.copyIn(
                "lectern.ready", columns: ["queue", "lane", "tag", "job_id"],
                rows: loads.lazy.map { Self.place(id: $0, $1) })
            loaded += rows.count
            rows = try await next
        }
        return ids
    }

    /// Made by the database's clock and sequence, as for any other job.
    private static func ids(_ count: Int, in connection: PostgresConnection) async throws -> [Int64] {
        let row = try await connection.queryOne("SELECT lectern.new_job_ids(\(Int32(count))) AS ids")
        let ids = try row?.decode("ids", as: [Int64].self) ?? []
        guard ids.count == count else { throw Problem(description: "the ids of a bulk load are missing") }
        return ids
    }

    private static let bodyColumns = [
        "id", "queue", "kind", "args", "lane", "max_attempts", "timeout_ms", "trace", "actor",
    ]

    private static func body(id: Int64, _ row: JobRow) -> [String?] {
        [
            String(id), row.queue, row.kind, row.arguments, String(row.lane), String(row.maxAttempts),
            String(row.timeoutMilliseconds), row.trace, row.actor,
        ]
    }

    private static func place(id: Int64, _ row: JobRow) -> [String?] {
        let id = String(id)
        return [row.queue, String(row.lane), id, id]
    }

    private struct Problem: Error, CustomStringConvertible {
        let description: String
    }
}

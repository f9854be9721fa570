import JobQueue
import Postgres

/// Loads many plain jobs with COPY, in the caller's transaction.
enum BulkLoad {
    /// From so many jobs on, COPY beats the statement.
    static let threshold = 1_000
    /// Rows whose bodies are loaded before their places: keeps what is held in memory bounded.
    private static let portion = 20_000

    /// The rows must be plain. Answers in their order.
    static func store(_ rows: [JobRow], in connection: PostgresConnection) async throws -> [EnqueuedJob] {
        var jobs: [EnqueuedJob] = []
        jobs.reserveCapacity(rows.count)
        for start in stride(from: 0, to: rows.count, by: Self.portion) {
            let portion = rows[start..<min(start + Self.portion, rows.count)]
            // The database's clock and sequence make the ids, as for any other job.
            let row = try await connection.queryOne(
                "SELECT array_agg(lectern.new_job_id()) AS ids FROM generate_series(1, \(portion.count))")
            let ids = try row?.decode("ids", as: [Int64].self) ?? []
            guard ids.count == portion.count else { throw Problem(description: "the ids of a bulk load are missing") }
            let loads = zip(ids, portion)
            try await connection.copyIn(
                "lectern.job", columns: Self.bodyColumns, rows: loads.lazy.map { Self.body(id: $0, $1) })
            try await connection.copyIn(
                "lectern.ready", columns: ["queue", "lane", "tag", "job_id"],
                rows: loads.lazy.map { Self.place(id: $0, $1) })
            jobs.append(contentsOf: ids.map { EnqueuedJob(id: JobID(rawValue: $0), outcome: .stored) })
        }
        return jobs
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

public import FoundationEssentials
public import JobQueue
import Postgres

/// When a job began and ended, as far as the last run tells.
public struct JobCourse: Hashable, Sendable {
    /// The beginning of the run under way.
    public var startedAt: Date?
    /// Who runs it.
    public var worker: Int64?
    /// When it succeeded, was cancelled or was given up.
    public var endedAt: Date?
    /// From the moment its last run could have begun to its claim; not of a dead letter.
    public var waited: Duration?
    /// The length of its last run; not of a dead letter.
    public var ran: Duration?
}

extension JobInspector {
    /// The times of a job; empty for a job that never ran, or that there is not (any more).
    ///
    /// One statement, look-ups by index; locks nothing.
    public func course(of id: JobID) async throws -> JobCourse {
        let row = try await self.database.queryOne(
            """
            SELECT l.started_at, l.worker, coalesce(f.finished_at, d.died_at) AS ended_at, f.wait_ms, f.run_ms
            FROM (SELECT \(id.rawValue)::int8 AS id) AS x
            LEFT JOIN lectern.lease l ON l.job_id = x.id
            LEFT JOIN lectern.dead d ON d.job_id = x.id
            LEFT JOIN LATERAL (
              SELECT finished_at, wait_ms, run_ms FROM lectern.done WHERE job_id = x.id LIMIT 1) AS f ON true
            """, timeout: .seconds(5))
        guard let row else { return JobCourse() }
        return JobCourse(
            startedAt: try row.decode("started_at"), worker: try row.decode("worker"),
            endedAt: try row.decode("ended_at"),
            waited: try row.decode("wait_ms", as: Int64?.self).map { .milliseconds($0) },
            ran: try row.decode("run_ms", as: Int64?.self).map { .milliseconds($0) })
    }
}

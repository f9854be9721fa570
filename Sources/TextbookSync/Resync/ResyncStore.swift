import JobQueue
import JobQueuePostgres
import Postgres

/// The SQL of resyncs, as the sync writes them.
struct ResyncStore: Sendable {
    let database: PostgresClient

    /// Keeps what was read, before anything is decided. Outside of the job's transaction, so that it stays when the job
    /// is refused.
    func note(_ id: Int64, _ report: SyncReport) async throws {
        try await self.database.execute(
            """
            INSERT INTO lectern.resync (job_id, report) VALUES (\(id), \(try PostgresJSON(encoding: report)))
            ON CONFLICT (job_id) DO UPDATE SET report = excluded.report
            """)
    }

    /// The book or a guard stands against it.
    func refuse(_ id: Int64, _ error: JobError) async throws {
        try await self.database.execute(
            """
            INSERT INTO lectern.resync (job_id, state, error_code, error_message, ended_at)
            VALUES (\(id), 'failed', \(error.code), \(error.message), now())
            ON CONFLICT (job_id) DO UPDATE SET state = 'failed', error_code = excluded.error_code,
              error_message = excluded.error_message, ended_at = now()
            """)
    }

    static func begin(
        _ id: Int64, release: Int64, _ report: SyncReport, in transaction: JobTransaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO lectern.resync (job_id, release_id, outcome, report)
            VALUES (\(id), \(release), \(report.outcome.rawValue), \(try PostgresJSON(encoding: report)))
            ON CONFLICT (job_id) DO UPDATE SET release_id = excluded.release_id, outcome = excluded.outcome,
              report = excluded.report, state = 'planning', ended_at = NULL, error_code = NULL, error_message = NULL
            """)
    }

    static func end(_ id: Int64, _ report: SyncReport, in transaction: JobTransaction) async throws {
        try await transaction.execute(
            """
            UPDATE lectern.resync
            SET state = 'done', ended_at = now(), outcome = \(report.outcome.rawValue),
                report = \(try PostgresJSON(encoding: report))
            WHERE job_id = \(id)
            """)
    }

    /// A newer request for the same book has come further.
    static func cancel(_ id: Int64, in transaction: JobTransaction) async throws {
        try await transaction.execute(
            """
            UPDATE lectern.resync SET state = 'cancelled', ended_at = now(), error_code = 'superseded',
                   error_message = 'a newer state of the book was planned'
            WHERE job_id = \(id)
            """)
    }
}

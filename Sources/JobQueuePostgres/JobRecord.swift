import Foundation
public import FoundationEssentials
public import JobQueue
import Postgres

/// What is kept of a job beside where it stands: its body and what happened to it.
public struct JobRecord: Hashable, Sendable {
    public var kind: String
    public var lane: Lane
    public var maxAttempts: Int
    public var enqueuedAt: Date
    /// Who asked for it, a machine word, where that is known.
    public var actor: String?
    /// The trace that asked for it (W3C `traceparent`), where there is one.
    public var trace: String?
    /// JSON text. Show it to people only through what the kind's data classes allow.
    public var arguments: String
    /// In their order, at most 1,000.
    public var events: [JobEvent]
}

extension JobInspector {
    /// The body and the history of a job; `nil` when its body is not kept any more.
    ///
    /// Two statements, all look-ups by index; locks nothing.
    public func record(of id: JobID) async throws -> JobRecord? {
        // A dead letter keeps its body when the day's partition is gone.
        let row = try await self.database.queryOne(
            """
            SELECT kind, lane, max_attempts, actor, trace, args::text AS args,
                   lectern.job_time(\(id.rawValue)) AS enqueued_at FROM (
              SELECT kind, lane, max_attempts, actor, trace, args FROM lectern.job WHERE id = \(id.rawValue)
              UNION ALL
              SELECT kind, lane, max_attempts, actor, trace, args FROM lectern.dead WHERE job_id = \(id.rawValue)
            ) AS kept LIMIT 1
            """, timeout: .seconds(5))
        guard let row else { return nil }
        return JobRecord(
            kind: try row.decode("kind"), lane: Lane(rawValue: try row.decode("lane")) ?? .standard,
            maxAttempts: try row.decode("max_attempts"), enqueuedAt: try row.decode("enqueued_at"),
            actor: try row.decode("actor"), trace: try row.decode("trace"), arguments: try row.decode("args"),
            events: try await Self.events(of: id, in: self.database))
    }

    /// By the index on the job in each day's partition.
    static func events(of id: JobID, in session: some PostgresSession) async throws -> [JobEvent] {
        try await session.query(
            """
            SELECT at, attempt, what, worker, code, message FROM lectern.event
            WHERE job_id = \(id.rawValue) ORDER BY at, token NULLS LAST LIMIT 1000
            """, timeout: .seconds(5)
        ).map { row in
            JobEvent(
                at: try row.decode("at"), attempt: try row.decode("attempt"), what: try row.decode("what"),
                worker: try row.decode("worker"), code: try row.decode("code"), message: try row.decode("message"))
        }
    }
}

import Foundation
public import JobQueue
public import Postgres

/// Where a job stands, for those who asked for it.
public struct JobSnapshot: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, Codable {
        case ready, scheduled, blocked, running, succeeded, cancelled, superseded, expired, dead
    }

    public var id: JobID
    public var state: State
    public var queue: String
    /// Runs begun so far.
    public var attempt: Int
    /// Jobs that will be claimed before this one, up to 1,000. Only while it is ready.
    public var position: Int?
    /// Only while it is scheduled.
    public var runsIn: Duration?
    /// Since its claim, only while it runs.
    public var ranFor: Duration?
    /// What it waits at, only while it is blocked: `kind:…`, `key:…`, `budget:…`, `needs:…` or `batch:…`.
    public var gate: String?
    /// How far the run has come, only while it runs and says so.
    public var progress: JobProgress?
    /// JSON text.
    public var result: String?
    public var code: String?
    public var message: String?

    public var isFinal: Bool {
        switch state {
        case .succeeded, .cancelled, .superseded, .expired, .dead: true
        case .ready, .scheduled, .blocked, .running: false
        }
    }
}

/// Reads the queue for people and for API clients; changes it only by cancelling.
public struct JobInspector: Sendable {
    let database: PostgresClient
    /// A worker that was not heard of for so long does not count as alive.
    static let silence: Duration = .seconds(15)

    public init(database: PostgresClient) {
        self.database = database
    }

    /// The job's state, or `nil` when there is no such job (any more). One statement, all look-ups by index: a ready
    /// row is found by probing every lane for the tag that the body holds.
    public func snapshot(of id: JobID) async throws -> JobSnapshot? {
        try await Self.snapshot(of: id, in: self.database)
    }

    static func snapshot(of id: JobID, in session: some PostgresSession) async throws -> JobSnapshot? {
        let job = id.rawValue
        let row = try await session.queryOne(
            """
            SELECT 'ready' AS state, r.queue, r.attempt::int AS attempt, NULL::int8 AS span_ms, NULL::text AS result,
                   NULL::text AS code, NULL::text AS message,
                   (SELECT count(*) FROM (SELECT FROM lectern.ready o
                      WHERE o.queue = r.queue AND (o.lane, o.tag, o.job_id) < (r.lane, r.tag, r.job_id)
                      LIMIT 1000) AS ahead) AS position, NULL::text AS gate, NULL::text AS progress
              FROM lectern.job j CROSS JOIN unnest('{0,10,20}'::int2[]) AS probe (lane)
              JOIN lectern.ready r ON r.queue = j.queue AND r.lane = probe.lane AND r.tag = coalesce(j.tag, j.id)
                                  AND r.job_id = j.id
              WHERE j.id = \(job)
            UNION ALL
            SELECT 'scheduled', queue, attempt, ceil(extract(epoch FROM run_at - now()) * 1000)::int8, NULL, NULL,
                   NULL, NULL, NULL, NULL
              FROM lectern.scheduled WHERE job_id = \(job)
            UNION ALL
            SELECT 'blocked', queue, attempt, NULL, NULL, NULL, NULL, NULL, gate, NULL
              FROM lectern.blocked WHERE job_id = \(job)
            UNION ALL
            SELECT 'running', queue, attempt, (extract(epoch FROM now() - started_at) * 1000)::int8, NULL, NULL, NULL,
                   NULL, NULL, progress::text
              FROM lectern.lease WHERE job_id = \(job)
            UNION ALL
            SELECT outcome, queue, attempt, NULL, result::text, code, NULL, NULL, NULL, NULL
              FROM lectern.done WHERE job_id = \(job)
            UNION ALL
            SELECT 'dead', queue, attempt, NULL, NULL, code, message, NULL, NULL, NULL
              FROM lectern.dead WHERE job_id = \(job)
            LIMIT 1
            """)
        guard let row else { return nil }
        guard let state = JobSnapshot.State(rawValue: try row.decode("state")) else { return nil }
        let span = try row.decode("span_ms", as: Int64?.self).map { Duration.milliseconds(max(0, $0)) }
        let progress = try row.decode("progress", as: String?.self).flatMap {
            try? JSONDecoder().decode(JobProgress.self, from: Data($0.utf8))
        }
        return JobSnapshot(
            id: id, state: state, queue: try row.decode("queue"), attempt: try row.decode("attempt"),
            position: try row.decode("position", as: Int?.self), runsIn: state == .scheduled ? span : nil,
            ranFor: state == .running ? span : nil, gate: try row.decode("gate", as: String?.self), progress: progress,
            result: try row.decode("result", as: String?.self), code: try row.decode("code", as: String?.self),
            message: try row.decode("message", as: String?.self))
    }

    /// What became of a wish to stop a job.
    public enum CancelResult: Hashable, Sendable {
        /// It had not started and never will.
        case cancelled
        /// A worker runs it and is told.
        case requested
        /// It had ended, or there is no such job.
        case tooLate
    }

    /// Stops a job. Removing the waiting row wins or loses against a claim as a whole; a running job is stopped by its
    /// worker within a second.
    ///
    /// - Parameter actor: who asks, a machine word for the record.
    public func cancel(_ id: JobID, actor: String? = nil) async throws -> CancelResult {
        let row = try await self.database.queryOne(
            """
            SELECT lectern.cancel(\(id.rawValue), 'cancelled', \(actor)) AS verdict,
                   pg_notify(\(QueueWaker.channel), \(QueueWaker.stops))
            """)
        return try CancelResult(verdict: row?.decode("verdict") ?? "")
    }

    /// What became of a waiter's wish to wait no more.
    public enum LeaveResult: String, Hashable, Sendable {
        /// Nobody else waited, and the job had not started: it never will.
        case cancelled
        /// Nobody else waited, and the worker that runs the job is told.
        case requested
        /// The job goes on for others.
        case left
        /// The job had ended, or nobody of this name waited for it.
        case unknown
    }

    /// Takes one waiter off a job that several may have asked for, and cancels the job when nobody is left.
    ///
    /// Whoever asks for the job meanwhile either keeps it going or gets a new one.
    public func leave(_ id: JobID, waiter: String) async throws -> LeaveResult {
        let row = try await self.database.queryOne(
            """
            SELECT lectern.leave(\(id.rawValue), \(waiter)) AS verdict,
                   pg_notify(\(QueueWaker.channel), \(QueueWaker.stops))
            """)
        return try row.flatMap { LeaveResult(rawValue: try $0.decode("verdict")) } ?? .unknown
    }
}

extension JobInspector.CancelResult {
    /// Reads the answer of `lectern.cancel`.
    init(verdict: String) {
        switch verdict {
        case "cancelled": self = .cancelled
        case "requested": self = .requested
        default: self = .tooLate
        }
    }
}

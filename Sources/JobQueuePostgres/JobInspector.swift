import Foundation
public import JobQueue
public import Postgres

/// Where a job stands, for those who asked for it.
public struct JobSnapshot: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, Codable {
        case ready, scheduled, running, succeeded, cancelled, dead
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
    /// JSON text.
    public var result: String?
    public var code: String?
    public var message: String?

    public var isFinal: Bool {
        switch state {
        case .succeeded, .cancelled, .dead: true
        case .ready, .scheduled, .running: false
        }
    }
}

/// Reads the queue for people and for API clients; changes it only by cancelling.
public struct JobInspector: Sendable {
    private let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// The job's state, or `nil` when there is no such job (any more). One statement, all look-ups by index: a ready
    /// row is found by probing every lane, since its tag is the job's id.
    public func snapshot(of id: JobID) async throws -> JobSnapshot? {
        let job = id.rawValue
        let row = try await self.database.queryOne(
            """
            SELECT 'ready' AS state, r.queue, r.attempt::int AS attempt, NULL::int8 AS runs_in, NULL::text AS result,
                   NULL::text AS code, NULL::text AS message,
                   (SELECT count(*) FROM (SELECT FROM lectern.ready o
                      WHERE o.queue = r.queue AND (o.lane, o.tag, o.job_id) < (r.lane, r.tag, r.job_id)
                      LIMIT 1000) AS ahead) AS position
              FROM lectern.job j CROSS JOIN unnest('{0,10,20}'::int2[]) AS probe (lane)
              JOIN lectern.ready r ON r.queue = j.queue AND r.lane = probe.lane AND r.tag = j.id AND r.job_id = j.id
              WHERE j.id = \(job)
            UNION ALL
            SELECT 'scheduled', queue, attempt, ceil(extract(epoch FROM run_at - now()) * 1000)::int8, NULL, NULL,
                   NULL, NULL
              FROM lectern.scheduled WHERE job_id = \(job)
            UNION ALL
            SELECT 'running', queue, attempt, NULL, NULL, NULL, NULL, NULL FROM lectern.lease WHERE job_id = \(job)
            UNION ALL
            SELECT outcome, queue, attempt, NULL, result::text, NULL, NULL, NULL
              FROM lectern.done WHERE job_id = \(job)
            UNION ALL
            SELECT 'dead', queue, attempt, NULL, NULL, code, message, NULL FROM lectern.dead WHERE job_id = \(job)
            LIMIT 1
            """)
        guard let row else { return nil }
        guard let state = JobSnapshot.State(rawValue: try row.decode("state")) else { return nil }
        let runsIn = try row.decode("runs_in", as: Int64?.self)
        return JobSnapshot(
            id: id, state: state, queue: try row.decode("queue"), attempt: try row.decode("attempt"),
            position: try row.decode("position", as: Int?.self), runsIn: runsIn.map { .milliseconds(max(0, $0)) },
            result: try row.decode("result", as: String?.self), code: try row.decode("code", as: String?.self),
            message: try row.decode("message", as: String?.self))
    }

    /// How one of the queue's recent jobs ran, for estimates: the mean time of a run and the slots that serve it.
    public func pace(of queue: String) async throws -> (meanRun: Duration, slots: Int) {
        let row = try await self.database.queryOne(
            """
            SELECT coalesce((SELECT avg(run_ms) FROM (SELECT run_ms FROM lectern.done
                               WHERE queue = \(queue) AND finished_at > now() - interval '15 minutes'
                               ORDER BY finished_at DESC LIMIT 100) AS recent), 1000)::int8 AS run_ms,
                   (SELECT coalesce(sum(slots), 0) FROM lectern.worker
                     WHERE \(queue) = ANY (queues) AND NOT draining
                       AND seen_at > now() - interval '15 seconds')::int8 AS slots
            """)
        guard let row else { return (.seconds(1), 0) }
        return (.milliseconds(try row.decode("run_ms", as: Int64.self)), try row.decode("slots"))
    }

    /// What became of a wish to stop a job.
    public enum CancelResult: Hashable, Sendable {
        /// It had not started and never will.
        case cancelled
        /// A worker runs it and will be told with its next heartbeat.
        case requested
        /// It had ended, or there is no such job.
        case tooLate
    }

    /// Stops a job. Removing the waiting row wins or loses against a claim as a whole.
    public func cancel(_ id: JobID) async throws -> CancelResult {
        let job = id.rawValue
        let row = try await self.database.queryOne(
            """
            WITH body AS (
              SELECT id, queue, kind, unique_key FROM lectern.job WHERE id = \(job)
            ), from_ready AS (
              DELETE FROM lectern.ready r USING body b
              WHERE r.queue = b.queue AND r.lane = ANY ('{0,10,20}'::int2[]) AND r.tag = b.id AND r.job_id = b.id
              RETURNING r.job_id, r.attempt
            ), from_scheduled AS (
              DELETE FROM lectern.scheduled s USING body b WHERE s.job_id = b.id RETURNING s.job_id, s.attempt
            ), gone AS (
              SELECT * FROM from_ready UNION ALL SELECT * FROM from_scheduled
            ), finished AS (
              INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms)
              SELECT b.id, b.kind, b.queue, 'cancelled', g.attempt,
                     least(2147483647, greatest(0, extract(epoch FROM now() - lectern.job_time(b.id)) * 1000)), 0
              FROM gone g JOIN body b ON b.id = g.job_id
            ), landed AS (
              DELETE FROM lectern.flight f USING gone g, body b
              WHERE b.id = g.job_id AND f.key = b.unique_key AND f.job_id = b.id
            ), asked AS (
              UPDATE lectern.lease SET cancel_requested = true
              WHERE job_id = \(job) AND NOT EXISTS (SELECT FROM gone) RETURNING job_id
            ), freed AS (
              -- Nobody may join a job that is going to be stopped: who asks from now on gets a new one.
              DELETE FROM lectern.flight f USING asked a, body b
              WHERE b.id = a.job_id AND f.key = b.unique_key AND f.job_id = b.id
            )
            SELECT EXISTS (SELECT FROM gone) AS gone, EXISTS (SELECT FROM asked) AS asked
            """)
        if try row?.decode("gone", as: Bool.self) == true { return .cancelled }
        return try row?.decode("asked", as: Bool.self) == true ? .requested : .tooLate
    }
}

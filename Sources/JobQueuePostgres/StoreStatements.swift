import JobQueue
import Postgres

extension SQL {
    /// Leases runnable rows to a worker.
    ///
    /// The subselect walks the primary key of `ready` in claiming order and locks the rows it takes; rows locked by
    /// others are skipped. A worker that was given up (its row is gone) gets nothing.
    static func claim(queue: String, limit: Int, worker: WorkerID) -> SQL {
        """
        WITH picked AS (
          DELETE FROM lectern.ready
          WHERE ctid = ANY (ARRAY(
              SELECT ctid FROM lectern.ready
              WHERE queue = \(queue)::text AND EXISTS (SELECT FROM lectern.worker WHERE id = \(worker.rawValue)::int8)
              ORDER BY queue, lane, tag, job_id LIMIT \(limit)::int8 FOR UPDATE SKIP LOCKED))
          RETURNING job_id, queue, lane, tag, attempt, crashes
        ), body AS MATERIALIZED (
          SELECT p.*, j.kind, j.args, j.max_attempts, j.timeout_ms, j.unique_key, j.trace
          FROM picked p JOIN lectern.job j ON j.id = p.job_id
        ), leased AS (
          INSERT INTO lectern.lease (job_id, token, worker, queue, kind, lane, tag, attempt, crashes, deadline)
          SELECT job_id, nextval('lectern.lease_token'), \(worker.rawValue)::int8, queue, kind, lane, tag,
                 attempt + 1, crashes, now() + timeout_ms * interval '1 millisecond' + interval '30 seconds'
          FROM body
          RETURNING job_id, token, attempt
        )
        SELECT l.job_id, l.token, l.attempt, b.kind, b.args::text AS args, b.max_attempts, b.timeout_ms, b.unique_key,
               b.trace, greatest(0, (extract(epoch FROM now() - lectern.job_time(b.job_id)) * 1000))::int8 AS wait_ms
        FROM leased l JOIN body b USING (job_id)
        ORDER BY b.lane, b.tag, b.job_id
        """
    }

    /// Ends runs: each row goes from `lease` to the table its ending names, if its token is still the lease's.
    ///
    /// Answers the leases that matched. Locks the leases by primary key.
    static func end(_ endings: [JobEnding]) -> SQL {
        let rows = endings.map(EndingRow.init)
        return """
            WITH input AS MATERIALIZED (
              SELECT * FROM unnest(\(rows.map(\.jobID))::int8[], \(rows.map(\.token))::int8[],
                                   \(rows.map(\.action))::text[], \(rows.map(\.delayMilliseconds))::int8[],
                                   \(rows.map(\.runMilliseconds))::int8[], \(rows.map(\.result))::jsonb[],
                                   \(rows.map(\.code))::text[], \(rows.map(\.message))::text[],
                                   \(rows.map(\.uniqueKey))::text[])
                   AS i (job_id, token, action, delay_ms, run_ms, result, code, message, unique_key)
            ), gone AS (
              DELETE FROM lectern.lease l USING input i
              WHERE l.job_id = i.job_id AND l.token = i.token
              RETURNING l.*, i.action, i.delay_ms, i.run_ms, i.result, i.code, i.message, i.unique_key
            ), finished AS (
              INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, result)
              SELECT job_id, kind, queue, CASE action WHEN 'succeed' THEN 'succeeded' ELSE 'cancelled' END, attempt,
                     least(2147483647, greatest(0, extract(epoch FROM started_at - lectern.job_time(job_id)) * 1000)),
                     least(2147483647, run_ms), result
              FROM gone WHERE action IN ('succeed', 'cancel')
            ), later AS (
              INSERT INTO lectern.scheduled (run_at, job_id, queue, lane, attempt, crashes, why)
              SELECT now() + delay_ms * interval '1 millisecond', job_id, queue, lane,
                     CASE action WHEN 'retry' THEN attempt ELSE attempt - 1 END, crashes, action
              FROM gone WHERE action IN ('retry', 'snooze') AND delay_ms > 0
            ), again AS (
              INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes)
              SELECT queue, lane, tag, job_id, CASE action WHEN 'retry' THEN attempt ELSE attempt - 1 END, crashes
              FROM gone WHERE action = 'release' OR (action IN ('retry', 'snooze') AND delay_ms = 0)
            ), buried AS (
              INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace,
                                        actor, attempt, crashes, code, message)
              SELECT g.job_id, g.queue, g.kind, j.args, g.lane, j.max_attempts, j.timeout_ms, j.unique_key, j.trace,
                     j.actor, g.attempt, g.crashes, coalesce(g.code, 'failed'), g.message
              FROM gone g JOIN lectern.job j ON j.id = g.job_id WHERE g.action = 'discard'
            ), landed AS (
              DELETE FROM lectern.flight f USING gone g
              WHERE g.unique_key IS NOT NULL AND g.action IN ('succeed', 'cancel', 'discard')
                AND f.key = g.unique_key AND f.job_id = g.job_id
            ), told AS (
              INSERT INTO lectern.event (job_id, attempt, token, what, worker, code, message)
              SELECT job_id, attempt, token, action, worker, code, message FROM gone
              WHERE action NOT IN ('succeed', 'release')
            )
            SELECT job_id, token FROM gone
            """
    }

    /// Moves due rows from `scheduled` to `ready`, the earliest first, by the primary key of `scheduled`.
    static func promoteDue(limit: Int) -> SQL {
        """
        WITH due AS (
          DELETE FROM lectern.scheduled
          WHERE ctid = ANY (ARRAY(
              SELECT ctid FROM lectern.scheduled WHERE run_at <= now()
              ORDER BY run_at, job_id LIMIT \(limit)::int8 FOR UPDATE SKIP LOCKED))
          RETURNING job_id, queue, lane, attempt, crashes
        ), moved AS (
          INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes)
          SELECT queue, lane, job_id, job_id, attempt, crashes FROM due
          RETURNING job_id
        )
        SELECT (SELECT count(*) FROM moved) AS promoted,
               (SELECT ceil(extract(epoch FROM min(run_at) - now()) * 1000)::int8 FROM lectern.scheduled
                WHERE run_at > now()) AS next_ms
        """
    }

    /// Takes leases from workers that went silent or vanished, and from runs past their deadline.
    ///
    /// A job goes back to the front of its queue, unless its attempts are spent or it was held by two workers that
    /// died. The attempt stays spent. `lease` is small, so it may be read whole.
    static func rescue(silence: Duration) -> SQL {
        """
        WITH lost AS (
          DELETE FROM lectern.worker
          WHERE seen_at < now() - \(silence.milliseconds)::int8 * interval '1 millisecond'
          RETURNING id
        ), taken AS (
          DELETE FROM lectern.lease l
          WHERE l.worker IN (SELECT id FROM lost)
             OR NOT EXISTS (SELECT FROM lectern.worker w WHERE w.id = l.worker)
             OR l.deadline < now()
          RETURNING l.*, l.deadline >= now() AS crashed
        ), judged AS (
          SELECT t.*, j.args, j.max_attempts, j.timeout_ms, j.unique_key, j.trace, j.actor,
                 t.crashes + t.crashed::int AS all_crashes,
                 t.attempt >= j.max_attempts OR t.crashes + t.crashed::int >= 2 AS hopeless
          FROM taken t JOIN lectern.job j ON j.id = t.job_id
        ), again AS (
          INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes)
          SELECT queue, lane, tag, job_id, attempt, all_crashes FROM judged WHERE NOT hopeless
          RETURNING job_id
        ), buried AS (
          INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace,
                                    actor, attempt, crashes, code, message)
          SELECT job_id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor, attempt,
                 all_crashes, CASE WHEN all_crashes >= 2 THEN 'worker_killed' ELSE 'lost' END,
                 'its worker went silent or its deadline passed'
          FROM judged WHERE hopeless
          RETURNING job_id
        ), landed AS (
          DELETE FROM lectern.flight f USING judged g
          WHERE g.hopeless AND f.key = g.unique_key AND f.job_id = g.job_id
        ), told AS (
          INSERT INTO lectern.event (job_id, attempt, token, what, worker, code)
          SELECT job_id, attempt, token, 'lost', worker, CASE WHEN crashed THEN 'worker_lost' ELSE 'deadline' END
          FROM taken
        )
        SELECT (SELECT count(*) FROM lost) AS lost, (SELECT count(*) FROM again) AS requeued,
               (SELECT count(*) FROM buried) AS discarded
        """
    }
}

/// One ending in the shape of the statement's arrays.
private struct EndingRow {
    var jobID: Int64
    var token: Int64
    var action: String
    var delayMilliseconds: Int64 = 0
    var runMilliseconds: Int64
    var result: String?
    var code: String?
    var message: String?
    var uniqueKey: String?

    init(_ ending: JobEnding) {
        self.jobID = ending.job.lease.jobID.rawValue
        self.token = ending.job.lease.token
        self.runMilliseconds = ending.ran.milliseconds
        // PostgreSQL's text holds no NUL.
        self.code = ending.code?.replacing("\0", with: "")
        self.message = ending.message?.replacing("\0", with: "")
        self.uniqueKey = ending.job.uniqueKey
        switch ending.action {
        case .succeed(let result):
            self.action = "succeed"
            self.result = result
        case .retry(let delay):
            // The worker decided; a retry of a last attempt would be a mistake of its policy.
            self.action = ending.job.attempt >= ending.job.maxAttempts ? "discard" : "retry"
            self.delayMilliseconds = max(0, delay.milliseconds)
        case .snooze(let delay):
            self.action = "snooze"
            self.delayMilliseconds = max(0, delay.milliseconds)
        case .release: self.action = "release"
        case .discard: self.action = "discard"
        case .cancel: self.action = "cancel"
        }
    }
}

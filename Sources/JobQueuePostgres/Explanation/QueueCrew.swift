import Postgres

/// Who serves a queue, and whether it is served.
struct QueueCrew {
    /// That the queue is paused.
    var pause: JobReason?
    /// That nobody claims from it.
    var shortage: JobReason?
    /// Of the live workers that claim.
    var slots: Int
    var running: Int

    /// One row per process and one of the queue, nothing locked.
    init(of queue: String, in session: PostgresConnection) async throws {
        let row = try await session.queryOne(
            """
            SELECT q.paused_until > now() AS paused,
                   to_char(q.paused_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS until, q.reason, q.actor,
                   count(w.id) AS live, count(w.id) FILTER (WHERE NOT w.draining AND w.wish IS NULL) AS claiming,
                   coalesce(sum(coalesce(q.slots, w.slots)) FILTER (WHERE NOT w.draining AND w.wish IS NULL), 0)::int8
                     AS slots,
                   coalesce(sum(w.running) FILTER (WHERE NOT w.draining AND w.wish IS NULL), 0)::int8 AS running
            FROM (SELECT \(queue)::text AS queue) AS name
            LEFT JOIN lectern.queue_control q ON q.queue = name.queue
            LEFT JOIN lectern.worker w ON name.queue = ANY (w.queues)
              AND w.seen_at > now() - \(JobInspector.silence.milliseconds) * interval '1 millisecond'
            GROUP BY q.queue
            """)
        self.slots = try row?.decode("slots") ?? 0
        self.running = try row?.decode("running") ?? 0
        if let row, try row.decode("paused", as: Bool?.self) == true {
            self.pause = JobReason(.queuePaused, try Self.pause(of: "queue \(queue)", row))
        }
        let live = try row?.decode("live", as: Int.self) ?? 0
        if live == 0 {
            self.shortage = JobReason(.noWorker, "no live worker serves the queue \(queue)")
        } else if try row?.decode("claiming", as: Int.self) == 0 {
            self.shortage = JobReason(
                .workersQuiet,
                "each of the \(live) workers of the queue \(queue) is draining or was told to claim nothing")
        }
    }

    /// - Parameter row: holds `until`, null for ever, `reason` and `actor`.
    static func pause(of subject: String, _ row: PostgresRow) throws -> String {
        let actor = try row.decode("actor", as: String?.self).map { " by \($0)" } ?? ""
        let until = try row.decode("until", as: String?.self).map { "until \($0)" } ?? "until somebody resumes it"
        let reason = try row.decode("reason", as: String?.self).map { " because \($0)" } ?? ""
        return "\(subject) is paused\(actor) \(until)\(reason)"
    }
}

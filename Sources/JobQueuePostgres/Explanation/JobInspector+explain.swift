public import JobQueue
import Postgres

extension JobInspector {
    /// Why the job is not running, or what became of it: the most important reason first, never empty.
    ///
    /// All reasons are of one state of the database. It is read by index, with a few statements, and locks nothing.
    public func explain(_ id: JobID) async throws -> [JobReason] {
        try await self.database.withTransaction(timeout: .seconds(10)) { session in
            try await session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            guard let job = try await Self.snapshot(of: id, in: session) else {
                return [JobReason(.noSuchJob, "there is no job \(id); what is over is kept for a limited time")]
            }
            switch job.state {
            case .succeeded, .cancelled, .superseded, .expired: return [try await Self.ended(job, in: session)]
            case .dead: return [try await Self.dead(job, in: session)]
            case .running: return try await Self.running(job, in: session)
            case .ready, .scheduled, .blocked: return try await Self.waiting(job, in: session)
            }
        }
    }

    private static func ended(_ job: JobSnapshot, in session: PostgresConnection) async throws -> JobReason {
        let row = try await session.queryOne(
            """
            SELECT to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
            FROM lectern.done WHERE job_id = \(job.id.rawValue) LIMIT 1
            """)
        let at = try row?.decode("at", as: String?.self) ?? ""
        let verb =
            switch job.state {
            case .succeeded: "succeeded in run \(job.attempt)"
            case .superseded: "gave way to a newer version"
            case .expired: "expired before it could run"
            default: "was cancelled"
            }
        let code = job.code.flatMap { $0 == job.state.rawValue ? nil : " (\($0))" } ?? ""
        return JobReason(.ended, "it \(verb) at \(at)\(code)")
    }

    private static func dead(_ job: JobSnapshot, in session: PostgresConnection) async throws -> JobReason {
        let row = try await session.queryOne(
            """
            SELECT to_char(died_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
            FROM lectern.dead WHERE job_id = \(job.id.rawValue)
            """)
        let at = try row?.decode("at", as: String?.self) ?? ""
        let error = [job.code, job.message].compactMap { $0 }.joined(separator: ": ")
        return JobReason(
            .dead,
            "it was given up at \(at) after \(job.attempt) \(job.attempt == 1 ? "run" : "runs") with \(error); "
                + "`lectern job retry \(job.id)` runs it again"
        )
    }

    private static func running(_ job: JobSnapshot, in session: PostgresConnection) async throws -> [JobReason] {
        let row = try await session.queryOne(
            """
            SELECT l.worker, w.name, to_char(l.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
                   (extract(epoch FROM now() - w.seen_at) * 1000)::int8 AS silent_ms,
                   (extract(epoch FROM now() - l.deadline) * 1000)::int8 AS overdue_ms,
                   s.job_id IS NOT NULL AS wished, s.actor,
                   to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS wished_at
            FROM lectern.lease l LEFT JOIN lectern.worker w ON w.id = l.worker
            LEFT JOIN lectern.stop_wish s ON s.job_id = l.job_id
            WHERE l.job_id = \(job.id.rawValue)
            """)
        guard let row else { return [JobReason(.running, "it runs")] }
        let worker = try row.decode("worker", as: Int64.self)
        let name = try row.decode("name", as: String?.self)
        let silence = try row.decode("silent_ms", as: Int64?.self).map { Duration.milliseconds($0) }
        let heard = silence.map { ", last heard \($0.inWords) ago" } ?? ""
        var reasons = [
            JobReason(
                .running,
                "worker \(worker)\(name.map { " (\($0)\(heard))" } ?? "") has held it since "
                    + "\(try row.decode("since", as: String.self)), for \((job.ranFor ?? .zero).inWords); it is run "
                    + "\(job.attempt)")
        ]
        if name == nil {
            reasons.append(JobReason(.workerLost, "worker \(worker) is gone; the job is handed on within seconds"))
        } else if let silence, silence > Self.silence {
            reasons.append(JobReason(.workerLost, "its worker went silent; the job is handed on within seconds"))
        }
        let overdue = try row.decode("overdue_ms", as: Int64.self)
        if overdue > 0 {
            reasons.append(
                JobReason(
                    .pastDeadline,
                    "its deadline passed \(Duration.milliseconds(overdue).inWords) ago; the next sweep hands it on"))
        }
        if try row.decode("wished", as: Bool.self) {
            let actor = try row.decode("actor", as: String?.self) ?? "somebody"
            reasons.append(
                JobReason(
                    .stopWished, "\(actor) asked at \(try row.decode("wished_at", as: String.self)) for it to stop"))
        }
        if let progress = job.progress {
            let of = progress.total.map { " of \($0)" } ?? ""
            let stage = progress.stage.map { ", \($0)" } ?? ""
            reasons.append(JobReason(.progress, "it has done \(progress.done)\(of)\(stage)"))
        }
        return reasons
    }

    /// What a job that is not running waits for, and whatever stands in its way after that.
    private static func waiting(_ job: JobSnapshot, in session: PostgresConnection) async throws -> [JobReason] {
        let gates = try await JobGates(of: job, in: session)
        var reasons: [JobReason] = []
        switch job.state {
        case .scheduled: reasons.append(try await Self.scheduled(job, in: session))
        case .blocked:
            reasons += try await gates.reasons(at: job.gate ?? "")
            if let delay = try await Self.delayAfterGate(job, in: session) { reasons.append(delay) }
        default: break
        }
        let crew = try await QueueCrew(of: job.queue, in: session)
        if let pause = crew.pause { reasons.append(pause) }
        for reason in try await gates.shut() where !reasons.contains(reason) { reasons.append(reason) }
        if let shortage = crew.shortage {
            reasons.append(shortage)
        } else if job.state == .ready, crew.running >= crew.slots {
            reasons.append(
                JobReason(.slotsBusy, "\(crew.running) of the \(crew.slots) slots that serve its queue are busy"))
        }
        if let position = job.position, position > 0 {
            reasons.append(
                JobReason(
                    .jobsAhead,
                    position == 1
                        ? "1 job is ahead of it"
                        : "\(position)\(position >= 1_000 ? " or more" : "") jobs are ahead of it"))
        }
        return reasons.isEmpty ? [JobReason(.next, "nothing is in its way; it is claimed next")] : reasons
    }

    /// A job that waits at a gate may have been asked for later as well.
    private static func delayAfterGate(_ job: JobSnapshot, in session: PostgresConnection) async throws -> JobReason? {
        let row = try await session.queryOne(
            """
            SELECT to_char(run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at FROM lectern.blocked
            WHERE job_id = \(job.id.rawValue) AND run_at > now()
            """)
        return try row.map {
            JobReason(.delayed, "it was asked for later, not before \(try $0.decode("at", as: String.self))")
        }
    }

    private static func scheduled(_ job: JobSnapshot, in session: PostgresConnection) async throws -> JobReason {
        let row = try await session.queryOne(
            """
            SELECT s.why, to_char(s.run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at, e.code, e.message
            FROM lectern.scheduled s LEFT JOIN LATERAL (
              SELECT code, message FROM lectern.event
              WHERE job_id = s.job_id AND what = s.why ORDER BY at DESC LIMIT 1) AS e ON true
            WHERE s.job_id = \(job.id.rawValue)
            """)
        guard let row else { return JobReason(.delayed, "it is scheduled") }
        let at = try row.decode("at", as: String.self)
        let when = "it runs at \(at), in \((job.runsIn ?? .zero).inWords)"
        let error = [try row.decode("code", as: String?.self), try row.decode("message", as: String?.self)]
            .compactMap { $0 }.joined(separator: ": ")
        switch try row.decode("why", as: String.self) {
        case "retry": return JobReason(.retry, "run \(job.attempt) failed with \(error); \(when)")
        case "snooze": return JobReason(.snoozed, "its handler put it off with \(error); \(when)")
        default: return JobReason(.delayed, "it was asked for later; \(when)")
        }
    }
}

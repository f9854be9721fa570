import JobQueue
import Postgres

/// The gates that one job has to pass before a run of it is admitted.
struct JobGates {
    private let job: JobSnapshot
    private let session: PostgresConnection
    private let kind: String
    private let key: String?
    private let keyLimit: Int?
    private let budgets: [String]
    private let costMicros: Int64

    init(of job: JobSnapshot, in session: PostgresConnection) async throws {
        self.job = job
        self.session = session
        let row = try await session.queryOne(
            """
            SELECT kind, conc_key, conc_limit::int AS conc_limit, coalesce(budgets, '{}') AS budgets, cost_micros
            FROM lectern.job WHERE id = \(job.id.rawValue)
            """)
        self.kind = try row?.decode("kind") ?? ""
        self.key = try row?.decode("conc_key", as: String?.self)
        self.keyLimit = try row?.decode("conc_limit", as: Int?.self)
        self.budgets = try row?.decode("budgets") ?? []
        self.costMicros = try row?.decode("cost_micros") ?? 0
    }

    /// What keeps the gate shut at which the job waits; that it is open where nothing does.
    func reasons(at gate: String) async throws -> [JobReason] {
        let parts = gate.split(separator: ":", maxSplits: 1).map(String.init)
        let (family, name) = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        let found: [JobReason] =
            switch family {
            case "kind": try await self.kindReasons()
            case "queue", "key": try await [self.limitReason(at: gate)].compactMap { $0 }
            case "budget": try await [self.budgetReason(name)].compactMap { $0 }
            case "needs": try await self.neededJobs()
            case "batch": try await [self.batchReason(name)].compactMap { $0 }
            default: []
            }
        guard found.isEmpty else { return found }
        return [JobReason(.gateOpen, "what it waited for at \(gate) is there; the next sweep makes it runnable")]
    }

    /// Every limit and budget of the job that would not admit it now.
    func shut() async throws -> [JobReason] {
        var reasons = try await self.kindReasons()
        if let reason = try await self.limitReason(at: "queue:\(self.job.queue)") { reasons.append(reason) }
        if let key = self.key, let reason = try await self.limitReason(at: "key:\(key)") { reasons.append(reason) }
        for scope in self.budgets {
            if let reason = try await self.budgetReason(scope) { reasons.append(reason) }
        }
        return reasons
    }

    private func kindReasons() async throws -> [JobReason] {
        let row = try await self.session.queryOne(
            """
            SELECT to_char(paused_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS until, reason, actor
            FROM lectern.kind_control WHERE kind = \(self.kind) AND paused_until > now()
            """)
        if let row { return [JobReason(.kindPaused, try QueueCrew.pause(of: "kind \(self.kind)", row))] }
        return try await [self.limitReason(at: "kind:\(self.kind)")].compactMap { $0 }
    }

    /// A slot row is an admitted run; they are counted by primary key, as the claim does.
    private func limitReason(at gate: String) async throws -> JobReason? {
        let row = try await self.session.queryOne(
            """
            SELECT lectern.gate_limit(\(gate), \(self.keyLimit)::int)::int8 AS most,
                   (SELECT count(*) FROM lectern.slot WHERE gate = \(gate)) AS runs,
                   ARRAY(SELECT job_id FROM lectern.slot WHERE gate = \(gate) ORDER BY job_id LIMIT 5) AS holders
            """)
        guard let row, let most = try row.decode("most", as: Int?.self) else { return nil }
        let runs = try row.decode("runs", as: Int.self)
        guard runs >= most else { return nil }
        let holders = try row.decode("holders", as: [Int64].self).map(String.init).joined(separator: ", ")
        let others = runs > 5 ? " and \(runs - 5) more" : ""
        let held = runs > 0 ? ": \(holders)\(others) \(runs == 1 ? "runs" : "run")" : ""
        let name = gate.drop { $0 != ":" }.dropFirst()
        let runsAtOnce = "\(most) \(most == 1 ? "run" : "runs") at once"
        if gate.hasPrefix("kind:") { return JobReason(.kindLimit, "kind \(name) may have \(runsAtOnce)\(held)") }
        if gate.hasPrefix("queue:") { return JobReason(.queueLimit, "queue \(name) may have \(runsAtOnce)\(held)") }
        return JobReason(.keyLimit, "jobs with the key \(name) may have \(runsAtOnce)\(held)")
    }

    private func budgetReason(_ scope: String) async throws -> JobReason? {
        let row = try await self.session.queryOne(
            """
            SELECT b.period, b.cap_micros, lectern.budget_left(b.scope) AS left_micros,
                   coalesce((SELECT s.micros FROM lectern.budget_spent s WHERE s.scope = b.scope
                             AND s.period_start = lectern.period_start(b.period)), 0) AS spent,
                   coalesce((SELECT sum(h.micros) FROM lectern.budget_hold h WHERE h.scope = b.scope), 0)::int8 AS held
            FROM lectern.budget b WHERE b.scope = \(scope)
            """)
        guard let row else { return nil }
        let left = try row.decode("left_micros", as: Int64.self)
        guard left < self.costMicros || left <= 0 else { return nil }
        let period = try row.decode("period", as: String.self)
        return JobReason(
            .budget,
            "budget \(scope) has a cap of \(amount(ofMicros: try row.decode("cap_micros"))) in "
                + "\(period == "total" ? "all" : "a \(period)"), of which "
                + "\(amount(ofMicros: try row.decode("spent"))) is spent and "
                + "\(amount(ofMicros: try row.decode("held"))) held by runs; the job needs "
                + "\(amount(ofMicros: self.costMicros))")
    }

    private func neededJobs() async throws -> [JobReason] {
        let rows = try await self.session.query(
            """
            SELECT needs, count(*) OVER () AS total FROM lectern.dependency
            WHERE job_id = \(self.job.id.rawValue) ORDER BY needs LIMIT 10
            """)
        var (dead, live): ([JobReason], [String]) = ([], [])
        for row in rows {
            let needed = JobID(rawValue: try row.decode("needs"))
            guard let snapshot = try await JobInspector.snapshot(of: needed, in: self.session) else {
                live.append("\(needed) (gone)")
                continue
            }
            if snapshot.state == .dead {
                dead.append(
                    JobReason(
                        .needsDeadJob,
                        "it needs job \(needed), which is dead (\(snapshot.code ?? "failed")); "
                            + "`lectern job retry \(needed)` runs it again"))
            } else {
                live.append("\(needed) (\(snapshot.state.rawValue))")
            }
        }
        guard !live.isEmpty else { return dead }
        let total = try rows.first?.decode("total", as: Int.self) ?? 0
        let others = total > rows.count ? " and \(total - rows.count) more" : ""
        return dead + [JobReason(.needsJob, "it needs \(live.joined(separator: ", "))\(others) to succeed first")]
    }

    private func batchReason(_ id: String) async throws -> JobReason? {
        let row = try await self.session.queryOne(
            """
            SELECT name, total, succeeded + dead + cancelled AS over, is_sealed FROM lectern.batch
            WHERE id::text = \(id) AND finished_at IS NULL
            """)
        guard let row else { return nil }
        let sealed = try row.decode("is_sealed", as: Bool.self) ? "" : ", and more jobs may join it"
        return JobReason(
            .batchIncomplete,
            "\(try row.decode("over", as: Int.self)) of the \(try row.decode("total", as: Int.self)) jobs of batch "
                + "\(try row.decode("name", as: String.self)) are over\(sealed)")
    }
}

public import JobQueue
import Postgres

extension QueueControl {
    /// Makes the numbers those of the operators' file, except for what was set by hand. Answers what changed: nothing
    /// when it is applied again.
    ///
    /// Every queue and kind is changed by itself, so that claims wait for none of it long; what a failure leaves undone
    /// is done by applying the file again.
    ///
    /// - Parameters:
    ///   - queueOfKind: the queue that a kind's definition names.
    public func apply(
        _ numbers: QueueNumbers, queueOfKind: [String: String], actor: String? = nil
    ) async throws -> [NumberChange] {
        var changes: [NumberChange] = []
        for (queue, row) in numbers.queues.sorted(by: { $0.key < $1.key }) {
            var change = QueueNumberChange()
            change.maxRunning = row.maxRunning.map { .to($0) } ?? .none
            change.slots = .to(row.slots)
            change.prefetch = .to(row.prefetch)
            // A lane that the file leaves out does not age: its wait is longer than any job's.
            change.ageing = .to(
                LaneAgeing(
                    standard: numbers.ageing[.standard] ?? .milliseconds(Int64(Int32.max)),
                    bulk: numbers.ageing[.bulk] ?? .milliseconds(Int64(Int32.max))))
            changes += try await self.write(NumberTable(change), of: .queue(queue), isFromFile: true, actor: actor)
        }
        for (kind, row) in numbers.kinds.sorted(by: { $0.key < $1.key }) {
            guard let queue = queueOfKind[kind] else { throw UnknownKind(kind: kind) }
            var change = KindNumberChange()
            change.maxRunning = row.maxRunning.map { .to($0) } ?? .none
            change.timeout = .to(row.timeout)
            change.maxAttempts = .to(row.maxAttempts)
            changes += try await self.write(
                NumberTable(change), of: .kind(kind, in: queue), isFromFile: true, actor: actor)
        }
        var budgets: [String: QueueNumbers.Budget?] = numbers.budgets.mapValues { $0 }
        for scope in try await self.budgetScopesOfFile() where budgets[scope] == nil {
            budgets.updateValue(nil, forKey: scope)
        }
        changes += try await self.write(budgets: budgets, isFromFile: true, actor: actor)
        changes += try await self.write(numbers.retention, actor: actor)
        changes += try await self.write(
            numbers.queues.keys.reduce(into: [:]) { $0[$1] = numbers.autoscale[$1] ?? AutoscaleRule() })
        changes += try await PostgresLimiters(database: self.database).apply(numbers.providers)
        return changes
    }

    private func budgetScopesOfFile() async throws -> [String] {
        // Reads a small table.
        try await self.database.query("SELECT scope FROM lectern.budget WHERE origin = 'file'").map {
            try $0.decode("scope")
        }
    }

    /// Writes budgets, `nil` to remove one, and opens the gates of those that have more now.
    func write(
        budgets: [String: QueueNumbers.Budget?], isFromFile: Bool, actor: String?
    ) async throws -> [NumberChange] {
        guard !budgets.isEmpty else { return [] }
        let rows = budgets.sorted { $0.key < $1.key }
        // One row of a small table per scope, in the order of their names. The rows that were there are read in the
        // statement's snapshot, before its changes.
        let changes = try await self.database.query(
            """
            WITH wanted AS (
              SELECT * FROM unnest(\(rows.map(\.key))::text[], \(rows.map { $0.value?.period.rawValue })::text[],
                                   \(rows.map { $0.value?.capMicros })::int8[]) AS w (scope, period, cap_micros)
            ), open_to_change AS (
              SELECT w.*, b.period AS old_period, b.cap_micros AS old_cap FROM wanted w
              LEFT JOIN lectern.budget b ON b.scope = w.scope
              WHERE NOT (\(isFromFile) AND coalesce(b.origin = 'operator', false))
            ), gone AS (
              DELETE FROM lectern.budget b USING open_to_change w WHERE b.scope = w.scope AND w.cap_micros IS NULL
            ), stored AS (
              INSERT INTO lectern.budget AS b (scope, period, cap_micros, origin, set_by)
              SELECT w.scope, w.period, w.cap_micros, CASE WHEN \(isFromFile) THEN 'file' ELSE 'operator' END,
                     \(actor)::text
              FROM open_to_change w WHERE w.cap_micros IS NOT NULL ORDER BY w.scope
              ON CONFLICT (scope) DO UPDATE SET period = excluded.period, cap_micros = excluded.cap_micros,
                origin = excluded.origin, set_by = excluded.set_by
              WHERE (b.period, b.cap_micros, b.origin) <> (excluded.period, excluded.cap_micros, excluded.origin)
            )
            SELECT scope, old_cap || ' per ' || old_period AS was, cap_micros || ' per ' || period AS becomes
            FROM open_to_change
            WHERE (old_period, old_cap) IS DISTINCT FROM (period, cap_micros) ORDER BY scope
            """
        ).map { row in
            NumberChange(
                subject: "budget \(try row.decode("scope", as: String.self))", number: "cap_micros",
                was: try row.decode("was", as: String?.self), becomes: try row.decode("becomes", as: String?.self))
        }
        if !changes.isEmpty {
            var position = GateSweepPosition()
            _ = try await self.sweepGates(&position)
        }
        return changes
    }

    private func write(_ retention: QueueNumbers.Retention, actor: String?) async throws -> [NumberChange] {
        let rows = [
            ("done", retention.done), ("event", retention.event), ("dead", retention.dead), ("job", retention.job),
        ]
        let days = rows.map { Int32(clamping: $0.1.milliseconds / 86_400_000) }
        // Four rows by primary key; what was there is read in the statement's snapshot.
        return try await self.database.query(
            """
            WITH wanted AS (
              SELECT w.*, r.keep_days AS old_days
              FROM unnest(\(rows.map(\.0))::text[], \(days)::int4[]) AS w (subject, keep_days)
              LEFT JOIN lectern.retention r ON r.subject = w.subject
              WHERE coalesce(r.origin, 'file') = 'file' AND r.keep_days IS DISTINCT FROM w.keep_days
            ), stored AS (
              INSERT INTO lectern.retention (subject, keep_days, set_by)
              SELECT subject, keep_days, \(actor)::text FROM wanted ORDER BY subject
              ON CONFLICT (subject) DO UPDATE SET keep_days = excluded.keep_days, set_by = excluded.set_by
            )
            SELECT subject, old_days::text AS was, keep_days::text AS becomes FROM wanted ORDER BY subject
            """
        ).map { row in
            NumberChange(
                subject: "retention", number: try row.decode("subject"),
                was: try row.decode("was", as: String?.self), becomes: try row.decode("becomes", as: String?.self))
        }
    }

    private func write(_ rules: [String: AutoscaleRule]) async throws -> [NumberChange] {
        let rows = rules.sorted { $0.key < $1.key }
        let waits = rows.map { Int32(clamping: $0.value.targetWait.milliseconds) }
        let (lows, highs) = (
            rows.map { Int32(clamping: $0.value.replicas.lowerBound) },
            rows.map { Int32(clamping: $0.value.replicas.upperBound) }
        )
        // One row per queue by primary key; what was there is read in the statement's snapshot.
        return try await self.database.query(
            """
            WITH wanted AS (
              SELECT * FROM unnest(\(rows.map(\.key))::text[], \(waits)::int4[], \(lows)::int4[], \(highs)::int4[])
                AS w (queue, target_wait_ms, min_replicas, max_replicas)
            ), stored AS (
              INSERT INTO lectern.autoscale_rule AS r (queue, target_wait_ms, min_replicas, max_replicas)
              SELECT * FROM wanted ORDER BY queue
              ON CONFLICT (queue) DO UPDATE SET target_wait_ms = excluded.target_wait_ms,
                min_replicas = excluded.min_replicas, max_replicas = excluded.max_replicas
            )
            SELECT w.queue, r.target_wait_ms || ' ms, ' || r.min_replicas || ' to ' || r.max_replicas AS was,
                   w.target_wait_ms || ' ms, ' || w.min_replicas || ' to ' || w.max_replicas AS becomes
            FROM wanted w LEFT JOIN lectern.autoscale_rule r ON r.queue = w.queue
            WHERE (r.target_wait_ms, r.min_replicas, r.max_replicas)
              IS DISTINCT FROM (w.target_wait_ms, w.min_replicas, w.max_replicas) ORDER BY w.queue
            """
        ).map { row in
            NumberChange(
                subject: "queue \(try row.decode("queue", as: String.self))", number: "autoscale",
                was: try row.decode("was", as: String?.self), becomes: try row.decode("becomes", as: String?.self))
        }
    }

    /// The file names a kind that no definition does.
    public struct UnknownKind: Error, CustomStringConvertible {
        public let kind: String
        public var description: String { "no definition names the queue of kind \(self.kind)" }
    }
}

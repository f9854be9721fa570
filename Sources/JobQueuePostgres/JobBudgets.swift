public import Postgres

/// What jobs may cost, by scope. A run holds what it is expected to cost before it starts and settles what it did cost
/// when it ends; a job without room for that waits.
///
/// The sum of what is held and spent exceeds a cap only as far as true costs exceeded what was foreseen.
public struct JobBudgets: Sendable {
    /// The time after which what was spent counts no more. Periods begin by the clock of UTC.
    public enum Period: String, Hashable, Sendable, CaseIterable {
        case hour, day, month
        /// Never begins anew.
        case total
    }

    public struct Status: Hashable, Sendable {
        public var scope: String
        public var period: Period
        /// All amounts in millionths of the currency.
        public var capMicros: Int64
        public var spentMicros: Int64
        public var heldMicros: Int64
        /// Jobs that wait for room.
        public var waiting: Int

        /// What may still be promised; below zero where runs cost more than was foreseen.
        public var remainingMicros: Int64 { self.capMicros - self.spentMicros - self.heldMicros }
    }

    private let database: PostgresClient
    private let queue: PostgresJobQueue

    /// - Parameter queue: wakes the workers of jobs that found room.
    public init(database: PostgresClient, queue: PostgresJobQueue) {
        self.database = database
        self.queue = queue
    }

    /// Sets a budget. What was spent in the present period of the same length still counts.
    public func configure(_ scope: String, period: Period, capMicros: Int64) async throws {
        try await self.changing(scope) { transaction in
            try await transaction.execute(
                """
                INSERT INTO lectern.budget (scope, period, cap_micros, origin)
                VALUES (\(scope), \(period.rawValue), \(max(0, capMicros)), 'operator')
                ON CONFLICT (scope) DO UPDATE SET period = excluded.period, cap_micros = excluded.cap_micros,
                  origin = excluded.origin
                """)
        }
    }

    /// Takes a budget away, so that its jobs run. False when there was none.
    public func remove(_ scope: String) async throws -> Bool {
        try await self.changing(scope) { transaction in
            try await transaction.execute("DELETE FROM lectern.budget WHERE scope = \(scope)")
        } > 0
    }

    /// Claims under way finish first, later ones see the change, and what waits and has room now may run.
    @discardableResult
    private func changing(
        _ scope: String, _ change: @escaping @Sendable (PostgresConnection) async throws -> Int
    ) async throws -> Int {
        let gate = "budget:" + scope
        let (changed, queues) = try await self.database.withTransaction { transaction in
            _ = try await transaction.query("SELECT lectern.lock_gates(ARRAY[\(gate)])")
            let changed = try await change(transaction)
            let waiting = try await transaction.query("SELECT DISTINCT queue FROM lectern.blocked WHERE gate = \(gate)")
            _ = try await transaction.query("SELECT lectern.open_budget(\(gate))")
            return (changed, try waiting.map { try $0.decode("queue", as: String.self) })
        }
        self.queue.wake(queues)
        return changed
    }

    /// What a scope may still promise, in millionths of the currency; `nil` without a budget.
    public func remaining(_ scope: String) async throws -> Int64? {
        try await self.database.queryOne("SELECT lectern.budget_left(\(scope)) AS micros")?
            .decode("micros", as: Int64?.self)
    }

    /// All budgets by scope.
    public func list() async throws -> [Status] {
        try await self.database.query(
            """
            SELECT b.scope, b.period, b.cap_micros, coalesce(s.micros, 0)::int8 AS spent,
                   coalesce((SELECT sum(h.micros) FROM lectern.budget_hold h WHERE h.scope = b.scope), 0)::int8 AS held,
                   (SELECT count(*) FROM lectern.blocked w WHERE w.gate = 'budget:' || b.scope) AS waiting
            FROM lectern.budget b LEFT JOIN lectern.budget_spent s
              ON s.scope = b.scope AND s.period_start = lectern.period_start(b.period)
            ORDER BY b.scope
            """
        ).map { row in
            Status(
                scope: try row.decode("scope"), period: Period(rawValue: try row.decode("period")) ?? .total,
                capMicros: try row.decode("cap_micros"), spentMicros: try row.decode("spent"),
                heldMicros: try row.decode("held"), waiting: try row.decode("waiting"))
        }
    }
}

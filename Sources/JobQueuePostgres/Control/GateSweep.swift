import Postgres

/// Where a sweep over the gates goes on.
public struct GateSweepPosition: Hashable, Sendable {
    var after = ""
    public init() {}
}

extension QueueControl {
    /// Opens gates that have blocked rows and room for them, and wakes the workers: pauses of kinds that ended by
    /// themselves, budgets of a new period, and whatever else was not told. Answers the number of rows let go.
    ///
    /// The leader calls it every few seconds, with the same position each time. A call looks at every gate of a queue, a
    /// kind or a budget, and at 1,000 others.
    public func sweepGates(_ position: inout GateSweepPosition) async throws -> Int {
        // Locks a gate only if nobody else does, until the end of the statement.
        let row = try await self.database.queryOne(
            """
            WITH swept AS MATERIALIZED (SELECT * FROM lectern.sweep_gates(\(position.after)))
            SELECT opened, last_gate, (SELECT count(pg_notify(\(QueueWaker.channel), q)) FROM unnest(queues) AS q)
            FROM swept
            """, timeout: .seconds(30))
        guard let row else { return 0 }
        position.after = try row.decode("last_gate", as: String?.self) ?? ""
        return try row.decode("opened")
    }
}

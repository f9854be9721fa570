import FoundationEssentials
public import JobQueue
import Postgres

extension QueueControl {
    /// Changes a queue's numbers by hand; the operators' file does not touch them until they are given back.
    ///
    /// A new limit counts the runs under way. A raised one lets blocked jobs go at once, a lowered one lets runs finish.
    /// Answers what changed.
    ///
    /// - Throws: an error of the database, with SQLSTATE 23514 for a number that makes no sense.
    @discardableResult
    public func set(
        _ change: QueueNumberChange, ofQueue queue: String, actor: String? = nil
    ) async throws -> [NumberChange] {
        try await self.write(NumberTable(change), of: .queue(queue), isFromFile: false, actor: actor)
    }

    /// Changes a kind's numbers by hand, as ``set(_:ofQueue:actor:)`` does.
    @discardableResult
    public func set(
        _ change: KindNumberChange, ofKind kind: String, in queue: String, actor: String? = nil
    ) async throws -> [NumberChange] {
        try await self.write(NumberTable(change), of: .kind(kind, in: queue), isFromFile: false, actor: actor)
    }

    /// Gives numbers that were set by hand back to the operators' file, which counts from its next application on.
    /// Answers their names.
    @discardableResult
    public func giveBack(_ target: ControlTarget) async throws -> [String] {
        // Locks one row of the control tables.
        try await self.database.queryOne(
            "SELECT lectern.give_back(\(target.queue), \(target.kind), NULL) AS given")?.decode("given") ?? []
    }

    /// Changes what may be spent by hand; `nil` lifts the cap.
    @discardableResult
    public func set(
        _ budget: QueueNumbers.Budget?, ofScope scope: String, actor: String? = nil
    ) async throws -> [NumberChange] {
        try await self.write(budgets: [scope: budget], isFromFile: false, actor: actor)
    }

    func write(
        _ table: NumberTable, of target: ControlTarget, isFromFile: Bool, actor: String?
    ) async throws -> [NumberChange] {
        let numbers = String(decoding: try JSONEncoder().encode(table), as: UTF8.self)
        // Waits for claims under way, then locks the leases and the gate of a target whose limit is new.
        let changes = try await self.patiently {
            try await self.database.query(
                """
                SELECT number, was, becomes FROM lectern.set_numbers(
                  \(target.queue), \(target.kind), \(numbers)::jsonb, \(isFromFile), \(actor))
                """
            ).map { row in
                NumberChange(
                    subject: target.description, number: try row.decode("number"),
                    was: try row.decode("was", as: String?.self), becomes: try row.decode("becomes", as: String?.self))
            }
        }
        if changes.contains(where: { $0.number == "max_running" }) { try await self.letGo(target) }
        return changes
    }
}

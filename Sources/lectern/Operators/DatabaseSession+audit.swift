import Foundation
import Operators
import Postgres

extension DatabaseSession {
    /// Opens the database for a command whose acts are written down.
    func withAudit<T: Sendable>(_ body: (PostgresClient, AuditTrail) async throws -> T) async throws -> T {
        try await self.with { database, _ in try await body(database, AuditTrail(database: database)) }
    }
}

extension Operator {
    /// Whoever may use the database's credential may do everything; the account's name says who it was.
    static let commandLine = Operator(name: "cli \(NSUserName())", role: .admin)
}

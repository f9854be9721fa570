import Foundation
import Operators
import Postgres
import ProcessBootstrap

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

extension DatabaseSession {
    /// Opens the database for an act that is written down before and after it is done.
    func acting<T: Sendable>(
        _ act: OperatorAct, _ body: (PostgresClient, ServiceProcess) async throws -> T
    ) async throws -> T {
        try await self.with { database, process in
            try await AuditTrail(database: database).recording(act, by: .commandLine) {
                try await body(database, process)
            }
        }
    }
}

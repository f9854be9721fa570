/// Something that statements can be sent to: the client, a connection, a connection inside a transaction.
public protocol PostgresSession: Sendable {
    /// Runs a statement and returns its rows.
    ///
    /// - Parameter timeout: nil means the configuration's statement timeout. Past it, the statement is cancelled on the
    ///   server and the call fails with `.timeout`.
    func query(_ sql: SQL, timeout: Duration?) async throws -> [PostgresRow]

    /// Runs a statement and returns how many rows it touched.
    @discardableResult
    func execute(_ sql: SQL, timeout: Duration?) async throws -> Int
}

extension PostgresSession {
    /// Runs a statement under the configuration's statement timeout and returns its rows.
    public func query(_ sql: SQL) async throws -> [PostgresRow] {
        try await self.query(sql, timeout: nil)
    }

    /// Runs a statement under the configuration's statement timeout and returns how many rows it touched.
    @discardableResult
    public func execute(_ sql: SQL) async throws -> Int {
        try await self.execute(sql, timeout: nil)
    }

    /// The first row of the answer, nil where there is none.
    public func queryOne(_ sql: SQL, timeout: Duration? = nil) async throws -> PostgresRow? {
        try await self.query(sql, timeout: timeout).first
    }
}

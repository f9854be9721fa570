import CPostgres

extension PostgresConnection {
    /// Runs `body` inside a transaction that is committed when `body` returns and rolled back when it throws or its
    /// task is cancelled. Nothing is retried.
    ///
    /// - Parameter timeout: for each statement; the server enforces it too, so a statement cannot extend it.
    /// - Throws: what `body` throws; `.transactionAborted` where `body` swallowed the error of a statement;
    ///   `.unknownOutcome` where the answer to COMMIT was lost.
    @discardableResult
    nonisolated(nonsending) public func withTransaction<T: Sendable>(
        timeout: Duration? = nil, _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        guard !self.channel.isInTransaction else {
            throw PostgresError(code: .invalidArgument, message: "the connection is in a transaction already")
        }
        let limit = timeout ?? self.configuration.statementTimeout
        _ = try await self.pipeline(
            Self.begin(limit, idle: self.configuration.idleInTransactionTimeout), timeout: limit)
        let outer = self.limitStatements(to: limit)
        defer { _ = self.limitStatements(to: outer) }
        let value: T
        do {
            value = try await body(self)
            if Task.isCancelled { throw PostgresError(stopReason: .cancelled) }
        } catch {
            await self.rollBack()
            throw error
        }
        try await self.commit(limit)
        return value
    }

    /// `SET LOCAL` ends with the transaction, so the next user of a pooled server connection is not affected.
    private static func begin(_ statement: Duration, idle: Duration) -> [SQL] {
        [
            "BEGIN",
            SQL(trusted: "SET LOCAL statement_timeout = \(statement.milliseconds)"),
            SQL(trusted: "SET LOCAL idle_in_transaction_session_timeout = \(idle.milliseconds)"),
        ]
    }

    /// Not cancellable: a COMMIT under way must be waited for to know what became of it.
    private func commit(_ timeout: Duration) async throws {
        guard self.channel.isOpen else {
            throw PostgresError(
                code: .connectionLost, message: "the connection broke before COMMIT; the server rolls back")
        }
        let results: [ResultTable]
        do {
            let commit = try Statement("COMMIT")
            results = try await self.run(.statement(commit), timeout: timeout, isShielded: true)
        } catch let error as PostgresError
            where [.server, .unknownOutcome].contains(error.code) || error.sqlState == "57014"
        {
            // The server said no: a deferred constraint, a serialisation failure, a timeout. The transaction is over.
            // Or it said yes for itself alone.
            throw error
        } catch {
            throw PostgresError(
                code: .unknownOutcome, message: "the answer to COMMIT was lost",
                sqlState: (error as? PostgresError)?.sqlState)
        }
        guard results.last?.commandTag == "COMMIT" else {
            throw PostgresError(
                code: .transactionAborted, message: "a statement had failed, so the transaction was rolled back")
        }
    }

    /// Closes the connection where it cannot be rolled back; the server rolls back then.
    private func rollBack() async {
        guard self.channel.isInTransaction else { return }
        do {
            let rollback = try Statement("ROLLBACK")
            _ = try await self.run(.statement(rollback), timeout: .seconds(5), isShielded: true)
        } catch {
            self.channel.close(
                PostgresError(code: .connectionLost, message: "the transaction could not be rolled back"))
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least 1: to the server, 0 means no limit.
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return max(1, min(seconds, 2_000_000) * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}

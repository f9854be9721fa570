/// Why a call to the database failed.
public struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// No connection could be opened.
        case connectionFailed
        /// The connection broke while the statement was under way: it may or may not have taken effect.
        case connectionLost
        /// The server refused the statement; ``PostgresError/sqlState`` says why.
        case server
        /// The deadline passed and the statement was cancelled on the server.
        case timeout
        /// The task was cancelled, and the statement with it.
        case cancelled
        /// No connection became free within the acquire timeout.
        case poolExhausted
        /// A value of the answer could not be read as the wanted type.
        case decoding
        /// The statement or a value cannot be sent: a NUL byte in text, too many binds, a bad name or connection string.
        case invalidArgument
        /// The client was closed.
        case clientClosed
        /// The connection was used after the closure that had lent it out.
        case connectionReleased
        /// COMMIT was sent to a transaction that had failed before; the server rolled it back.
        case transactionAborted
        /// The answer to COMMIT was lost, or the standby that a commit waits for did not confirm it: the change may have
        /// been made, and may last.
        case unknownOutcome
        /// The server answered something that the request does not allow.
        case unexpectedAnswer
    }

    /// The kind of failure.
    public var code: Code
    /// The five characters of SQLSTATE where the server gave an answer (PostgreSQL manual, appendix A).
    public var sqlState: String?
    /// What happened, without values of the statement's binds and without credentials.
    public var message: String
    /// The server's DETAIL, which may quote values of rows: for operators, not for the public.
    public var detail: String?
    /// The server's HINT.
    public var hint: String?
    /// The violated constraint.
    public var constraint: String?

    /// An error of this module's own making.
    public init(
        code: Code, message: String, sqlState: String? = nil, detail: String? = nil, hint: String? = nil,
        constraint: String? = nil
    ) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
    }

    /// Whether the same call may well succeed later without anything being changed.
    ///
    /// An unknown outcome is not transient: repeating it blindly could do the work twice.
    public var isTransient: Bool {
        switch self.code {
        case .connectionFailed, .connectionLost, .timeout, .poolExhausted:
            return true
        case .server:
            return self.sqlState.map(Self.isTransient(sqlState:)) ?? false
        case .cancelled, .decoding, .invalidArgument, .clientClosed, .connectionReleased, .transactionAborted,
            .unknownOutcome, .unexpectedAnswer:
            return false
        }
    }

    /// Connection, resource and operator classes, serialisation failures, deadlocks, locks not available, and the
    /// read-only answer that a demoted primary gives during a failover.
    private static func isTransient(sqlState: String) -> Bool {
        switch sqlState.prefix(2) {
        case "08", "53": return true
        default:
            return ["25006", "40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "57P05"].contains(sqlState)
        }
    }

    public var description: String {
        let state = self.sqlState.map { " \($0)" } ?? ""
        let constraint = self.constraint.map { " (constraint \($0))" } ?? ""
        return "PostgreSQL \(self.code.rawValue)\(state): \(self.message)\(constraint)"
    }
}

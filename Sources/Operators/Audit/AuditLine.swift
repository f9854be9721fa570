public import FoundationEssentials
public import Postgres

/// One line of the audit log.
public struct AuditLine: Hashable, Sendable, Identifiable {
    /// 1, 2, 3 … without gaps.
    public var id: Int64
    public var at: Date
    /// Who: ``Operator/name``.
    public var actor: String
    public var role: String
    public var act: OperatorAct
    public var outcome: Outcome
    /// The line that this one tells the outcome of.
    public var about: Int64?
    public var requestID: String?
    /// 32 bytes: the hash of the line before, zeros at the first.
    public var previous: [UInt8]
    /// 32 bytes: SHA-256 of the line's text.
    public var hash: [UInt8]

    /// How far the act had come when the line was written.
    public enum Outcome: String, Hashable, Sendable, PostgresDecodable {
        /// It is about to be tried. Without a later line the process died over it, and it may have happened.
        case asked
        case done
        /// The operator may not do that, or the guard of the act stopped it.
        case refused
        case failed
    }
}

/// What an operator does, for the audit log.
public struct OperatorAct: Hashable, Sendable {
    /// A machine word with a dot: `queue.pause`, `job.cancel`, `key.issue`.
    public var action: String
    /// What it is done to: `queue personalize`, `job 17`, `key 3`.
    public var subject: String
    /// A sentence of the operator's own.
    public var reason: String?
    /// JSON text: what else one would want to know, never a secret and never an argument of a job.
    public var detail: String?

    public init(_ action: String, on subject: String, reason: String? = nil, detail: String? = nil) {
        self.action = action
        self.subject = subject
        self.reason = reason
        self.detail = detail
    }
}

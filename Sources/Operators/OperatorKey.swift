public import FoundationEssentials

/// A key that opens the operators' API and console.
public struct OperatorKey: Hashable, Sendable, Identifiable {
    public var id: Int64
    /// Who or what uses it.
    public var name: String
    public var role: OperatorRole
    public var createdAt: Date
    public var createdBy: String
    /// `nil` for a key that has no end.
    public var expiresAt: Date?
    public var revokedAt: Date?
    /// To the minute; `nil` for a key that was never used.
    public var lastUsedAt: Date?

    /// Whether it opens anything at that time.
    public func isValid(at now: Date) -> Bool {
        self.revokedAt == nil && self.expiresAt.map { now < $0 } ?? true
    }
}

/// A key as its owner gets it, once.
public struct IssuedOperatorKey: Sendable {
    public var key: OperatorKey
    /// `lectern_` with the key's number and its secret; sent as `Authorization: Bearer`.
    public var token: String
}

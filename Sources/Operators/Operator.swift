/// Somebody who operates the system, as far as a request proved it.
public struct Operator: Hashable, Sendable {
    /// For the audit log: `key 12 (night shift)`, `token`, `loopback`, `cli anna`.
    public var name: String
    public var role: OperatorRole

    public init(name: String, role: OperatorRole) {
        self.name = name
        self.role = role
    }
}

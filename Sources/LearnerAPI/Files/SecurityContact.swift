public import FoundationEssentials

/// Who is told of security faults, as `/.well-known/security.txt` says it (RFC 9116).
public struct SecurityContact: Hashable, Sendable {
    /// A `mailto:` or `https:` address.
    public let address: String
    /// From then on the contact should not be relied on.
    public let expiresAt: Date

    /// How long what an operator entered holds good after the process was started.
    static let validity: TimeInterval = 180 * 86_400

    /// - Parameter now: when the operator's word was read.
    public init(_ address: String, at now: Date) {
        self.address = address
        self.expiresAt = now.addingTimeInterval(Self.validity)
    }

    var text: String {
        "Contact: \(self.address)\nExpires: \(self.expiresAt.formatted(.iso8601))\nPreferred-Languages: en, ur\n"
    }
}

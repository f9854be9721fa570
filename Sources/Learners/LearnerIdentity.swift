import ContentHashing

/// Who somebody is at an issuer of identity tokens. Of it only the fingerprint is ever kept: enough to know somebody
/// again, and neither name nor address.
public struct LearnerIdentity: Hashable, Sendable {
    /// As in the token's `iss`.
    public let issuer: String
    /// As in its `sub`; unique at the issuer only.
    public let subject: String
    /// SHA-256 of both, 64 hex digits.
    public let fingerprint: String

    /// Whoever that issuer calls by that name.
    public init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
        // The length keeps a part of one from passing for a part of the other.
        self.fingerprint = SHA256Hex.of("\(issuer.utf8.count):\(issuer)\(subject)")
    }
}

extension LearnerIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A constant, so that no log line tells who it is.
    public var description: String { "LearnerIdentity(redacted)" }
    /// The same constant.
    public var debugDescription: String { self.description }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

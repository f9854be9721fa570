public import FoundationEssentials

/// What is kept of a learner's sign-in.
public struct KeptIdentity: Hashable, Sendable {
    /// ``LearnerIdentity/fingerprint``.
    public let fingerprint: String
    /// Since when it opens the account.
    public let createdAt: Date
}

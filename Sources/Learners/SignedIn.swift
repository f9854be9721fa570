/// Somebody who signed in.
public struct SignedIn: Hashable, Sendable {
    public let identity: LearnerIdentity
    /// The learner who signs in like this; `nil` before there is an account.
    public let learner: LearnerID?

    /// Somebody, with the account that belongs to the sign-in.
    public init(_ identity: LearnerIdentity, learner: LearnerID?) {
        self.identity = identity
        self.learner = learner
    }
}

public import Learners

/// What a personalized lesson belongs to: whose, which lesson, which text of it, which answers.
public struct PersonalizationKey: Hashable, Sendable {
    public var userID: LearnerID
    public var lessonSlug: String
    /// XXH3-128 of the lesson's file.
    public var contentHash: String
    /// XXH3-128 of the learner's answers.
    public var preferencesHash: String

    /// A key from its parts.
    public init(userID: LearnerID, lessonSlug: String, contentHash: String, preferencesHash: String) {
        self.userID = userID
        self.lessonSlug = lessonSlug
        self.contentHash = contentHash
        self.preferencesHash = preferencesHash
    }
}

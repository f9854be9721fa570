import FoundationEssentials
public import Learners
import PipelineJobs

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

    /// The key of a job's cache row; `nil` when the job's user id is none.
    init?(_ job: PersonalizeLesson) {
        guard let userID = LearnerID(job.userID) else { return nil }
        self.init(
            userID: userID, lessonSlug: job.lessonSlug, contentHash: job.contentHash,
            preferencesHash: job.preferencesHash)
    }

    /// The job that fills the cache row of this key.
    var job: PersonalizeLesson {
        PersonalizeLesson(
            userID: self.userID.text, lessonSlug: self.lessonSlug, contentHash: self.contentHash,
            preferencesHash: self.preferencesHash)
    }
}

public import JobQueue

/// Writes one lesson anew for one learner's profile and fills the learner's cache row.
public struct PersonalizeLesson: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "personalize_lesson", queue: "personalize", lane: .interactive,
        retryPolicy: RetryPolicy(base: .milliseconds(500), cap: .seconds(30), maxAttempts: 8),
        timeout: .seconds(120))
    public static let dataClasses: [String: DataClass] = [
        "user_id": .personal, "lesson_slug": .open, "content_hash": .open, "preferences_hash": .restricted,
    ]

    /// The learner's id, a bearer capability: it never appears in a log.
    public var userID: String
    public var lessonSlug: String
    public var contentHash: String
    public var preferencesHash: String

    public init(userID: String, lessonSlug: String, contentHash: String, preferencesHash: String) {
        self.userID = userID
        self.lessonSlug = lessonSlug
        self.contentHash = contentHash
        self.preferencesHash = preferencesHash
    }

    enum CodingKeys: String, CodingKey {
        case userID = "user_id"
        case lessonSlug = "lesson_slug"
        case contentHash = "content_hash"
        case preferencesHash = "preferences_hash"
    }

    /// One job per cache row: who asks again while it runs joins it.
    public var uniqueKey: String? {
        "personalize_lesson:\(self.userID):\(self.contentHash):\(self.preferencesHash):\(self.lessonSlug)"
    }
}

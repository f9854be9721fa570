public import JobQueue

/// Writes one lesson anew for a slice of profiles and fills the cache rows of everybody who waits for it.
///
/// It names no learner: all who do not differ in what the text depends on wait for the same job.
public struct PersonalizeLesson: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "personalize_lesson", queue: "personalize", lane: .interactive,
        retryPolicy: RetryPolicy(base: .milliseconds(500), cap: .seconds(30), maxAttempts: 8),
        timeout: .seconds(120))
    public static let dataClasses: [String: DataClass] = [
        "lesson_slug": .open, "content_hash": .open, "slice": .open, "recipe": .open, "prewarm": .open,
    ]

    public var lessonSlug: String
    /// XXH3-128 of the lesson's file.
    public var contentHash: String
    /// The words of a profile slice: `language=en programming=novice robotics=no ai=no`.
    public var slice: String
    /// The fingerprint of the means by which whoever asked expects it to be written.
    public var recipe: String
    /// True when nobody waits: the text is written ahead of the first request.
    public var isPrewarm: Bool

    public init(lessonSlug: String, contentHash: String, slice: String, recipe: String, isPrewarm: Bool = false) {
        self.lessonSlug = lessonSlug
        self.contentHash = contentHash
        self.slice = slice
        self.recipe = recipe
        self.isPrewarm = isPrewarm
    }

    enum CodingKeys: String, CodingKey {
        case slice, recipe
        case lessonSlug = "lesson_slug"
        case contentHash = "content_hash"
        case isPrewarm = "prewarm"
    }

    /// One job per text of a lesson and slice: who asks while it runs joins it.
    public var uniqueKey: String? {
        "personalize_lesson:\(self.contentHash):\(self.recipe):\(self.slice):\(self.lessonSlug)"
    }
}

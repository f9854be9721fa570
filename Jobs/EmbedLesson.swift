public import JobQueue

/// Chunks one lesson's text, embeds the chunks and stores them in the vector server.
public struct EmbedLesson: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "embed_lesson", queue: "embed", lane: .standard,
        retryPolicy: RetryPolicy(base: .seconds(1), cap: .seconds(60), maxAttempts: 10), timeout: .seconds(300))
    public static let dataClasses: [String: DataClass] = [
        "lesson_id": .open, "content_hash": .open, "release_id": .open,
    ]

    /// The lesson's lasting identity, a UUID.
    public var lessonID: String
    /// The text to embed, by its XXH3-128.
    public var contentHash: String
    /// The release that is to hold the text.
    public var releaseID: Int64

    public init(lessonID: String, contentHash: String, releaseID: Int64) {
        self.lessonID = lessonID
        self.contentHash = contentHash
        self.releaseID = releaseID
    }

    enum CodingKeys: String, CodingKey {
        case lessonID = "lesson_id"
        case contentHash = "content_hash"
        case releaseID = "release_id"
    }

    public var uniqueKey: String? { "embed_lesson:\(self.releaseID):\(self.lessonID):\(self.contentHash)" }
}

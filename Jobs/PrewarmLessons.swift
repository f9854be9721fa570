public import JobQueue

/// Has the sections that a publication changed written for the slices in use, before anybody asks.
public struct PrewarmLessons: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "prewarm_lessons", queue: "personalize", lane: .bulk,
        retryPolicy: RetryPolicy(base: .seconds(5), cap: .seconds(300), maxAttempts: 5), timeout: .seconds(600))
    public static let dataClasses: [String: DataClass] = ["book": .open, "release_id": .open]

    public var book: String
    /// The release whose changes are meant.
    public var releaseID: Int64

    public init(book: String, releaseID: Int64) {
        self.book = book
        self.releaseID = releaseID
    }

    enum CodingKeys: String, CodingKey {
        case book
        case releaseID = "release_id"
    }

    public var uniqueKey: String? { "prewarm_lessons:\(self.releaseID):\(self.book)" }
}

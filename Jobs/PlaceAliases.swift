public import JobQueue

/// Makes the readable names in the bucket follow the release that readers see.
public struct PlaceAliases: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "place_aliases", queue: "sync", lane: .interactive,
        retryPolicy: RetryPolicy(base: .milliseconds(500), cap: .seconds(30), maxAttempts: 12), timeout: .seconds(600))
    public static let dataClasses: [String: DataClass] = ["book": .open, "release_id": .open]

    /// The book's slug.
    public var book: String
    /// The release that was just shown to readers.
    public var releaseID: Int64

    public init(book: String, releaseID: Int64) {
        self.book = book
        self.releaseID = releaseID
    }

    enum CodingKeys: String, CodingKey {
        case book
        case releaseID = "release_id"
    }

    public var uniqueKey: String? { "place_aliases:\(self.book):\(self.releaseID)" }
}

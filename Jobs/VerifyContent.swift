public import JobQueue

/// Compares what is published with the bucket and the vector server, and writes down what came of it.
public struct VerifyContent: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "verify_content", queue: "embed", lane: .bulk,
        retryPolicy: RetryPolicy(base: .seconds(30), cap: .seconds(300), maxAttempts: 4), timeout: .seconds(1_800))
    public static let dataClasses: [String: DataClass] = ["book": .open, "repair": .open]

    /// The book's slug; `nil` for the one that the installation shows.
    public var book: String?
    /// What is broken is put right.
    public var repair: Bool?

    public init(book: String? = nil, repair: Bool? = nil) {
        self.book = book
        self.repair = repair
    }

    public var uniqueKey: String? { "verify_content:\(self.book ?? ""):\(self.repair ?? false)" }
}

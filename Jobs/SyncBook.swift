public import JobQueue

/// Brings a book's folder to the bucket and publishes it as a release.
public struct SyncBook: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "sync_book", queue: "sync", lane: .standard,
        retryPolicy: RetryPolicy(base: .seconds(2), cap: .seconds(60), maxAttempts: 8), timeout: .seconds(900))
    public static let dataClasses: [String: DataClass] = ["path": .restricted, "revision": .open, "manifest": .open]

    /// A folder that the sync worker can read.
    public var path: String
    /// What the author calls this state of the book, a commit for example.
    public var revision: String?
    /// A hash over the folder's content, where the caller could read it: equal states are synced once.
    public var manifest: String?

    public init(path: String, revision: String? = nil, manifest: String? = nil) {
        self.path = path
        self.revision = revision
        self.manifest = manifest
    }

    public var uniqueKey: String? {
        self.manifest.map { "sync_book:\(self.path):\($0)" }
    }
}

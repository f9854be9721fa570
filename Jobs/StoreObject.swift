public import JobQueue

/// Brings one file's text to the bucket, under the name that its hash gives it.
public struct StoreObject: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "store_object", queue: "sync", lane: .standard,
        retryPolicy: RetryPolicy(base: .milliseconds(200), cap: .seconds(30), maxAttempts: 10), timeout: .seconds(120))
    public static let dataClasses: [String: DataClass] = [
        "path": .restricted, "upload": .open, "file": .open, "book": .open, "sha256": .open, "resync": .open,
    ]

    /// The book's folder, or `nil` where the files were uploaded.
    public var path: String?
    /// The upload, a UUID.
    public var upload: String?
    /// The file's path below the book's root.
    public var file: String
    /// The book's slug.
    public var book: String
    /// What the file must be, 64 hex digits.
    public var sha256: String
    /// The resync that needs it.
    public var resync: Int64

    public init(path: String?, upload: String?, file: String, book: String, sha256: String, resync: Int64) {
        self.path = path
        self.upload = upload
        self.file = file
        self.book = book
        self.sha256 = sha256
        self.resync = resync
    }

    public var uniqueKey: String? { "store_object:\(self.resync):\(self.sha256)" }
}

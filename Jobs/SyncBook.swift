public import JobQueue

/// Reads a book, plans a release against the one that readers see, and sets the work going that the plan needs.
public struct SyncBook: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "sync_book", queue: "sync", lane: .standard,
        retryPolicy: RetryPolicy(base: .seconds(2), cap: .seconds(60), maxAttempts: 8), timeout: .seconds(900))
    public static let dataClasses: [String: DataClass] = [
        "path": .restricted, "upload": .open, "revision": .open, "manifest": .open, "committed_at": .open,
        "maximum_deletes": .open, "approved_plan": .open, "only_plan": .open, "allows_older": .open,
    ]

    /// A folder that the sync worker can read; `nil` where the files were uploaded.
    public var path: String?
    /// The files that a caller sent, a UUID.
    public var upload: String?
    /// What the author calls this state of the book, a commit for example.
    public var revision: String?
    /// A hash over the folder's content, where the caller could read it: equal states are synced once.
    public var manifest: String?
    /// When the author made this state, in seconds since 1970: what is older than what readers see is stopped.
    public var committedAt: Int64?
    /// So many lessons may be deleted, instead of a tenth.
    public var maximumDeletes: Int?
    /// The hash of the only plan that may be carried out.
    public var approvedPlan: String?
    /// Nothing is carried out.
    public var onlyPlan: Bool?
    /// An older state may take the place of a newer one.
    public var allowsOlder: Bool?

    public init(path: String? = nil, upload: String? = nil, revision: String? = nil, manifest: String? = nil) {
        self.path = path
        self.upload = upload
        self.revision = revision
        self.manifest = manifest
    }

    enum CodingKeys: String, CodingKey {
        case path, upload, revision, manifest
        case committedAt = "committed_at"
        case maximumDeletes = "maximum_deletes"
        case approvedPlan = "approved_plan"
        case onlyPlan = "only_plan"
        case allowsOlder = "allows_older"
    }

    public var uniqueKey: String? {
        guard let manifest else { return nil }
        let wishes = [
            self.maximumDeletes.map { "d\($0)" }, self.approvedPlan, self.onlyPlan == true ? "plan" : nil,
            self.allowsOlder == true ? "older" : nil,
        ].compactMap { $0 }.joined(separator: ",")
        return "sync_book:\(self.revision ?? ""):\(manifest):\(wishes)"
    }
}

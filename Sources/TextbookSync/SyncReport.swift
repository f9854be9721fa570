import Postgres
public import Textbook

/// What a sync planned, and what it came to.
public struct SyncReport: Codable, Sendable, Hashable {
    public enum Outcome: String, Codable, Sendable, Hashable {
        /// A new release is what readers see.
        case published
        /// The book is what readers see already.
        case unchanged
        /// The book is what readers see already; what was lost in the bucket or the index was put back.
        case repaired
        /// Nothing was carried out.
        case planned
    }

    /// One lesson's step, for people who decide about the plan.
    public struct Change: Codable, Sendable, Hashable {
        public var kind: SyncPlan.Kind
        public var slug: String
        /// The slug before a rename.
        public var from: String?

        public init(kind: SyncPlan.Kind, slug: String, from: String? = nil) {
            self.kind = kind
            self.slug = slug
            self.from = from
        }
    }

    /// Findings listed in a report.
    static let listed = 200
    /// Changes listed in a report.
    static let changesListed = 1_000

    public var outcome: Outcome
    /// The slug of the book.
    public var book: String
    public var revision: String?
    public var lessons: Int
    public var created: Int
    /// Lessons whose text, place or facts changed; the next two counts are part of it.
    public var updated: Int
    public var moved: Int
    public var renamed: Int
    public var deleted: Int
    public var unchanged: Int
    /// Lessons that the plan may delete.
    public var deletesAllowed: Int
    /// What an operator approves.
    public var planHash: String
    /// Texts that were missing in the bucket.
    public var objectsMissing = 0
    /// Lessons that were missing in the search index.
    public var lessonsUnindexed = 0
    public var errors: Int
    /// How many warnings there are.
    public var warnings: Int
    /// The worst first, at most 200.
    public var findings: [Finding]
    /// The steps that change something, at most 1,000.
    public var changes: [Change]

    enum CodingKeys: String, CodingKey {
        case outcome, book, revision, lessons, created, updated, moved, renamed, deleted, unchanged, errors, warnings
        case findings, changes
        case deletesAllowed = "deletes_allowed"
        case planHash = "plan_hash"
        case objectsMissing = "objects_missing"
        case lessonsUnindexed = "lessons_unindexed"
    }

    init(plan: SyncPlan, book: Book, revision: String?, findings: [Finding]) {
        self.outcome = .published
        self.book = book.slug
        self.revision = revision
        self.lessons = plan.newLessonCount
        self.created = plan.count(.create)
        self.moved = plan.count(.move)
        self.renamed = plan.count(.rename)
        self.updated = plan.count(.update) + plan.count(.metadata) + self.moved + self.renamed
        self.deleted = plan.count(.delete)
        self.unchanged = plan.count(.unchanged)
        self.deletesAllowed = plan.deletesAllowed
        self.planHash = plan.hash
        self.errors = findings.count { $0.severity == .error }
        self.warnings = findings.count - self.errors
        self.findings = Array(
            (findings.filter { $0.severity == .error }.sorted() + findings.filter { $0.severity == .warning }.sorted())
                .prefix(Self.listed))
        let changes = plan.operations.filter { $0.kind != .unchanged }.map { operation in
            Change(
                kind: operation.kind, slug: operation.slug,
                from: operation.kind == .rename ? operation.old?.lesson.slug : nil)
        }
        self.changes = Array(changes.prefix(Self.changesListed))
    }

    func json() throws -> String { try PostgresJSON(encoding: self).text }
}

extension [Finding] {
    /// The errors in one message of at most `limit` characters: as many as fit, each with its place, and a count.
    func message(limit: Int = 1_800) -> String {
        let errors = self.filter { $0.severity == .error }.sorted()
        var text = errors.count == 1 ? "1 error" : "\(errors.count) errors"
        for (index, error) in errors.enumerated() {
            let line = "\n" + String(error.description.prefix(400))
            guard text.count + line.count <= limit else { return text + "\n… and \(errors.count - index) more" }
            text += line
        }
        return text
    }
}

import Postgres
import Textbook

/// The result kept with a finished sync.
struct SyncReport: Encodable, Sendable {
    enum Outcome: String, Encodable, Sendable {
        /// A new release is what readers see.
        case published
        /// The folder is what readers see already.
        case unchanged
    }

    /// Findings listed in a report.
    static let listed = 20

    var outcome: Outcome
    /// The slug of the book.
    var book: String
    /// The release that readers see.
    var release: Int64
    var revision: String?
    var lessons: Int
    var created: Int
    /// Lessons whose text, place or facts changed; the next two counts are part of it.
    var updated: Int
    var moved: Int
    var renamed: Int
    var deleted: Int
    var unchanged: Int
    var objectsPut = 0
    var objectsRemoved = 0
    /// Lessons that were missing in the search index.
    var embedsEnqueued = 0
    /// How many warnings there are; the first ones stand in ``findings``.
    var warnings: Int
    var findings: [Finding]

    enum CodingKeys: String, CodingKey {
        case outcome, book, release, revision, lessons, created, updated, moved, renamed, deleted, unchanged, warnings
        case findings
        case objectsPut = "objects_put"
        case objectsRemoved = "objects_removed"
        case embedsEnqueued = "embeds_enqueued"
    }

    init(plan: SyncPlan, book: Book, revision: String?, findings: [Finding]) {
        self.outcome = .published
        self.book = book.slug
        self.release = 0
        self.revision = revision
        self.lessons = plan.newLessonCount
        self.created = plan.count(.create)
        self.moved = plan.count(.move)
        self.renamed = plan.count(.rename)
        self.updated = plan.count(.update) + plan.count(.metadata) + self.moved + self.renamed
        self.deleted = plan.count(.delete)
        self.unchanged = plan.count(.unchanged)
        self.warnings = findings.count { $0.severity == .warning }
        self.findings = Array(findings.prefix(Self.listed))
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

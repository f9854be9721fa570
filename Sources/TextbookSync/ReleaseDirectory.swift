public import JobQueuePostgres
import PipelineJobs
public import Postgres
public import Textbook

/// One release of a book, for people who decide about releases.
public struct ReleaseSummary: Codable, Sendable, Hashable {
    public var id: Int64
    public var book: String
    /// `staging`, `published`, `superseded`, `rolled_back`, `failed` or `cancelled`.
    public var state: String
    /// What the author calls this state of the book.
    public var revision: String?
    public var lessons: Int
    /// RFC 3339, UTC.
    public var createdAt: String
    /// When readers saw it first.
    public var publishedAt: String?
    /// Why it came to nothing.
    public var error: String?
    /// True when a rollback may show it again.
    public var canBeShown: Bool

    enum CodingKeys: String, CodingKey {
        case id, book, state, revision, lessons, error
        case createdAt = "created_at"
        case publishedAt = "published_at"
        case canBeShown = "can_be_shown"
    }
}

/// Why a release cannot be had or shown.
public struct ReleaseError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        case unknown = "unknown_release"
        /// Readers see it already, or it never was complete.
        case notShowable = "not_showable"
        case nothingPublished = "nothing_published"
    }

    public let code: Code
    public let message: String

    public var description: String { self.message }
}

/// The releases of the installation's book: looked at, compared, and taken back.
public struct ReleaseDirectory: Sendable {
    /// Releases that a rollback may show again, beside the one that readers see.
    public static let kept = 5

    private let database: PostgresClient
    private let queue: PostgresJobQueue
    private let bookSlug: String?

    /// - Parameter bookSlug: the book; `nil` takes the earliest one that has anything published.
    public init(database: PostgresClient, queue: PostgresJobQueue, bookSlug: String? = nil) {
        self.database = database
        self.queue = queue
        self.bookSlug = bookSlug
    }

    /// The newest first.
    public func list(_ limit: Int = 20) async throws -> [ReleaseSummary] {
        try await self.database.query(self.summaries(where: "true", limit: limit)).map(Self.summary)
    }

    /// One of them.
    /// - Throws: ``ReleaseError`` with `unknown`.
    public func show(_ id: Int64) async throws -> ReleaseSummary {
        let row = try await self.database.queryOne(self.summaries(where: "r.id = \(id)", limit: 1))
        guard let row else { throw ReleaseError(code: .unknown, message: "there is no release \(id)") }
        return try Self.summary(row)
    }

    /// What showing `to` instead of `from` would change.
    /// - Throws: ``ReleaseError`` with `unknown`.
    public func diff(from: Int64, to: Int64) async throws -> SyncPlan {
        SyncPlan(from: try await self.book(from), to: try await self.book(to))
    }

    /// The release that readers see.
    /// - Throws: ``ReleaseError`` with `nothingPublished`.
    public func active() async throws -> ReleaseSummary {
        let row = try await self.database.queryOne(self.summaries(where: "r.id = b.active_release", limit: 1))
        guard let row else { throw ReleaseError(code: .nothingPublished, message: "nothing is published") }
        return try Self.summary(row)
    }

    /// Shows readers an earlier release, whose texts and index entries are all still there: one row is changed.
    ///
    /// - Parameter id: `nil` takes the one that readers saw before the present one.
    /// - Returns: the release that readers see from now on.
    /// - Throws: ``ReleaseError``.
    public func rollBack(to id: Int64? = nil) async throws -> ReleaseSummary {
        let target = try await self.queue.withTransaction { transaction in
            let book = try await transaction.queryOne(
                """
                SELECT id, slug FROM lectern.book
                WHERE active_release IS NOT NULL
                  AND (\(self.bookSlug as String?)::text IS NULL OR slug = \(self.bookSlug as String?)::text)
                ORDER BY created_at, slug LIMIT 1
                """)
            guard let book else {
                throw ReleaseError(
                    code: .nothingPublished, message: "nothing is published, so nothing can be taken back")
            }
            let bookID: String = try book.decode("id")
            let slug: String = try book.decode("slug")
            try await ReleaseStore.lock(slug, in: transaction)
            let row = try await transaction.queryOne(
                """
                SELECT id FROM lectern.release
                WHERE book_id = \(bookID)::uuid AND state IN ('superseded', 'rolled_back')
                  AND (\(id as Int64?)::int8 IS NULL AND state = 'superseded' OR id = \(id as Int64?)::int8)
                ORDER BY ended_at DESC, id DESC LIMIT 1
                """)
            guard let row else {
                let what = id.map { "release \($0)" } ?? "an earlier release"
                throw ReleaseError(
                    code: .notShowable,
                    message:
                        "\(what) cannot be shown: it is not there any more, never was complete, or is shown already")
            }
            let target: Int64 = try row.decode("id")
            try await ReleaseStore.show(target, bookID: bookID, leaving: "rolled_back", in: transaction)
            try await transaction.enqueue(
                PlaceAliases(book: slug, releaseID: target), options: EnqueueOptions(actor: "rollback"))
            return target
        }
        return try await self.show(target)
    }

    private func book(_ id: Int64) async throws -> Book {
        let rows = try await self.database.query(.contentTree(release: id))
        guard let published = try PublishedBook(rows) else {
            throw ReleaseError(code: .unknown, message: "there is no release \(id)")
        }
        return try Book(published, rows: rows)
    }

    private func summaries(where condition: SQL, limit: Int) -> SQL {
        """
        SELECT r.id, b.slug, r.state, r.revision, r.error_message, r.state IN ('superseded', 'rolled_back') AS showable,
               (SELECT count(*) FROM lectern.release_lesson l WHERE l.release_id = r.id) AS lessons,
               to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
               to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS published_at
        FROM lectern.release r JOIN lectern.book b ON b.id = r.book_id
        WHERE (\(self.bookSlug as String?)::text IS NULL OR b.slug = \(self.bookSlug as String?)::text)
          AND (\(sql: condition))
        ORDER BY r.id DESC LIMIT \(limit)
        """
    }

    private static func summary(_ row: PostgresRow) throws -> ReleaseSummary {
        ReleaseSummary(
            id: try row.decode("id"), book: try row.decode("slug"), state: try row.decode("state"),
            revision: try row.decode("revision"), lessons: try row.decode("lessons"),
            createdAt: try row.decode("created_at"), publishedAt: try row.decode("published_at"),
            error: try row.decode("error_message"), canBeShown: try row.decode("showable"))
    }
}

public import Postgres

/// What is published, for readers. Every answer comes from one release, whole, the one that is active when it is asked
/// for.
///
/// What a release holds never changes once all of it is indexed, so it is read once and then kept by its number. Those
/// who ask at the same moment share the look at which release is active.
public struct ContentCatalog: Sendable {
    private let database: PostgresClient
    private let bookSlug: String?
    private let looks: Coalescer<Void, PublishedEdition?>

    /// - Parameter bookSlug: the book to read; `nil` takes the earliest one that has anything published.
    public init(database: PostgresClient, bookSlug: String? = nil) {
        self.database = database
        self.bookSlug = bookSlug
        let kept = KeptEdition(database: database, bookSlug: bookSlug)
        self.looks = Coalescer(maximumLeaders: 2, maximumItems: 4_096) { askers in
            let edition = try await kept.current()
            return askers.map { edition }
        }
    }

    /// The active release.
    /// - Throws: ``CatalogError`` when nothing is published, `PostgresError` when the database does not answer.
    public func edition() async throws -> PublishedEdition {
        guard let edition = try await self.looks.answer(for: ()) else {
            throw CatalogError.nothingPublished(self.bookSlug)
        }
        return edition
    }

    /// The whole tree.
    /// - Throws: ``CatalogError`` when nothing is published, `PostgresError` when the database does not answer.
    public func book() async throws -> PublishedBook {
        try await self.edition().book
    }

    /// The whole tree, read anew: index entries that were lost or made since are seen.
    package func bookAsStored() async throws -> PublishedBook {
        let rows = try await self.database.query(.contentTree(book: self.bookSlug))
        guard let book = try PublishedBook(rows) else { throw CatalogError.nothingPublished(self.bookSlug) }
        return book
    }

    public func lesson(_ slug: String) async throws -> PublishedLesson {
        let edition = try await self.edition()
        if let lesson = edition.lesson(slug) { return lesson }
        throw try await self.absence(of: slug)
    }

    /// Why the active release has no lesson of this name.
    package func absence(of slug: String) async throws -> CatalogError {
        // A slug from an address may hold anything; the server cannot be sent a NUL.
        guard slug.utf8.count <= CatalogError.longestSlug, !slug.utf8.contains(0) else {
            return .notFound("such a lesson")
        }
        if let now = try await self.presentSlug(of: slug) { return .renamed(slug, to: now) }
        return .notFound("lesson \(slug)")
    }

    /// By what slug readers find the lesson now that went by this one before. By primary keys.
    private func presentSlug(of slug: String) async throws -> String? {
        let row = try await self.database.queryOne(
            """
            SELECT l.slug FROM \(sql: .readersBook(self.bookSlug))
            JOIN lectern.former_slug f ON f.book_id = b.id AND f.slug = \(slug)
            JOIN lectern.release_lesson l ON l.release_id = b.active_release AND l.lesson_id = f.lesson_id
            """)
        return try row?.decode("slug")
    }

    /// Every lesson in reading order.
    public func lessons() async throws -> [PublishedLesson] {
        try await self.book().lessons
    }
}

/// What was asked for is not published.
public struct CatalogError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        case notFound = "not_found"
        /// It goes by another slug now.
        case renamed
    }

    /// No slug of a lesson is longer, in bytes.
    static let longestSlug = 1_024

    public let code: Code
    public let message: String
    /// The slug to ask for instead, where ``code`` is `renamed`.
    public var slug: String?

    public var description: String { "\(self.code.rawValue): \(self.message)" }

    static func notFound(_ what: String) -> CatalogError {
        CatalogError(code: .notFound, message: "\(what) is not in the published book")
    }

    static func renamed(_ old: String, to new: String) -> CatalogError {
        CatalogError(code: .renamed, message: "lesson \(old) goes by \(new) now", slug: new)
    }

    static func nothingPublished(_ slug: String?) -> CatalogError {
        CatalogError(code: .notFound, message: slug.map { "the book \($0) is not published" } ?? "no book is published")
    }
}

extension SQL {
    /// The book that readers see: `b`, at most one row.
    package static func readersBook(_ slug: String?) -> SQL {
        """
        (SELECT id, slug, title, language, active_release FROM lectern.book
         WHERE active_release IS NOT NULL AND (\(slug as String?)::text IS NULL OR slug = \(slug as String?)::text)
         ORDER BY created_at, slug LIMIT 1) AS b
        """
    }

    /// One row per lesson in reading order, with its chapter, part and book; an empty chapter or part has one row too.
    /// Locks nothing; every join goes by a primary key or by `release_lesson_chapter`.
    static func contentTree(book slug: String?) -> SQL {
        self.contentTree(from: .readersBook(slug))
    }

    /// The same of any release, whether or not readers see it.
    static func contentTree(release: Int64) -> SQL {
        self.contentTree(
            from: """
                (SELECT o.id, o.slug, coalesce(q.title, o.title) AS title, coalesce(q.language, o.language) AS language,
                        q.id AS active_release
                 FROM lectern.release q JOIN lectern.book o ON o.id = q.book_id WHERE q.id = \(release)) AS b
                """)
    }

    private static func contentTree(from book: SQL) -> SQL {
        """
        SELECT b.id AS book_id, b.slug AS book_slug, b.title AS book_title, b.language, b.active_release, r.revision,
               to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS published_at,
               p.number AS part_number, p.title AS part_title, p.layer, p.tier, p.folder_name AS part_folder,
               p.week_start, p.week_end,
               c.number AS chapter_number, c.local_number, c.title AS chapter_title, c.folder_name AS chapter_folder,
               c.prerequisites, c.transition_check,
               l.lesson_id, l.number, l.title, l.slug, l.type, l.content_hash, l.bucket_path, l.sidebar_position,
               l.estimated_minutes, l.goals, l.size_bytes, l.object_key, l.source_path, v.vector_ids,
               coalesce(i.chunks = cardinality(coalesce(v.vector_ids, '{}')), false) AS is_indexed
        FROM \(sql: book)
        JOIN lectern.release r ON r.id = b.active_release
        JOIN lectern.part p ON p.release_id = b.active_release
        LEFT JOIN lectern.chapter c ON c.release_id = b.active_release AND c.part_number = p.number
        LEFT JOIN lectern.release_lesson l ON l.release_id = b.active_release AND l.chapter_number = c.number
        LEFT JOIN \(sql: .releaseIndex) ON true
        LEFT JOIN LATERAL (
          SELECT array_agg(k.vector_id ORDER BY k.chunk_index) AS vector_ids FROM lectern.chunk k
          WHERE k.entry_id = i.id) AS v ON true
        ORDER BY p.number, c.number, l.position
        """
    }
}

public import Postgres

/// What is published, for readers. Every answer comes from one statement and so from one release, whole.
public struct ContentCatalog: Sendable {
    private let database: PostgresClient
    private let bookSlug: String?

    /// - Parameter bookSlug: the book to read; `nil` takes the earliest one that has anything published.
    public init(database: PostgresClient, bookSlug: String? = nil) {
        self.database = database
        self.bookSlug = bookSlug
    }

    /// The whole tree.
    /// - Throws: ``CatalogError`` when nothing is published, `PostgresError` when the database does not answer.
    public func book() async throws -> PublishedBook {
        let rows = try await self.database.query(.contentTree(book: self.bookSlug))
        guard let book = try PublishedBook(rows) else { throw CatalogError.nothingPublished(self.bookSlug) }
        return book
    }

    /// Every part with its chapters and lessons.
    public func parts() async throws -> [PublishedPart] {
        try await self.book().parts
    }

    public func part(_ number: Int) async throws -> PublishedPart {
        let rows = try await self.database.query(
            .contentTree(book: self.bookSlug, where: "p.number = \(number)"))
        guard let part = try PublishedBook(rows)?.parts.first else { throw CatalogError.notFound("part \(number)") }
        return part
    }

    public func chapter(_ number: Int) async throws -> PublishedChapter {
        let rows = try await self.database.query(
            .contentTree(book: self.bookSlug, where: "c.number = \(number)"))
        guard let chapter = try PublishedBook(rows)?.parts.first?.chapters.first else {
            throw CatalogError.notFound("chapter \(number)")
        }
        return chapter
    }

    public func lesson(_ slug: String) async throws -> PublishedLesson {
        // A slug from an address may hold anything; the server cannot be sent a NUL.
        guard slug.utf8.count <= CatalogError.longestSlug, !slug.utf8.contains(0) else {
            throw CatalogError.notFound("such a lesson")
        }
        let rows = try await self.database.query(.contentTree(book: self.bookSlug, where: "l.slug = \(slug)"))
        guard let lesson = try PublishedBook(rows)?.lessons.first else {
            throw CatalogError.notFound("lesson \(slug)")
        }
        return lesson
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
    }

    /// No slug of a lesson is longer, in bytes.
    static let longestSlug = 1_024

    public let code: Code
    public let message: String

    public var description: String { "\(self.code.rawValue): \(self.message)" }

    static func notFound(_ what: String) -> CatalogError {
        CatalogError(code: .notFound, message: "\(what) is not in the published book")
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
    /// Locks nothing; every join goes by a primary key or by `release_lesson_chapter`, a slug by its unique index.
    static func contentTree(book slug: String?, where condition: SQL = "true") -> SQL {
        """
        SELECT b.id AS book_id, b.slug AS book_slug, b.title AS book_title, b.language, b.active_release, r.revision,
               to_char(r.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS published_at,
               p.number AS part_number, p.title AS part_title, p.layer, p.tier, p.folder_name AS part_folder,
               p.week_start, p.week_end,
               c.number AS chapter_number, c.local_number, c.title AS chapter_title, c.folder_name AS chapter_folder,
               c.prerequisites, c.transition_check,
               l.lesson_id, l.number, l.title, l.slug, l.type, l.content_hash, l.bucket_path, l.sidebar_position,
               l.estimated_minutes, l.size_bytes, l.object_key, l.source_path, v.vector_ids
        FROM \(sql: .readersBook(slug))
        JOIN lectern.release r ON r.id = b.active_release
        JOIN lectern.part p ON p.release_id = b.active_release
        LEFT JOIN lectern.chapter c ON c.release_id = b.active_release AND c.part_number = p.number
        LEFT JOIN lectern.release_lesson l ON l.release_id = b.active_release AND l.chapter_number = c.number
        LEFT JOIN LATERAL (
          SELECT array_agg(k.vector_id ORDER BY k.chunk_index) AS vector_ids
          FROM lectern.lesson_index i JOIN lectern.chunk k ON k.entry_id = i.id
          WHERE i.lesson_id = l.lesson_id AND i.content_hash = l.content_hash AND i.labels = \(sql: .indexLabels)) AS v
          ON true
        WHERE \(sql: condition)
        ORDER BY p.number, c.number, l.position
        """
    }
}

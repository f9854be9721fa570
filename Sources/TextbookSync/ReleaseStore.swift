import ContentHashing
import JobQueuePostgres
import PipelineJobs
import Postgres
import Textbook

/// The release that readers see, as the book it was made from.
struct ActiveRelease: Sendable {
    var id: Int64
    var book: Book
}

/// A release ready to be published.
struct Publication: Sendable {
    var releaseID: Int64
    var book: Book
    var revision: String?
    var manifestHash: String
    /// The release it was planned against; publishing over another one would undo that one unseen.
    var basis: Int64?
    /// New slugs of lessons by their old ones.
    var renames: [String: String]
    var counts: PostgresJSON
}

/// Another release was published meanwhile.
struct BasisMoved: Error {}

/// The releases' SQL.
struct ReleaseStore: Sendable {
    let database: PostgresClient

    /// One statement, see ``ContentCatalog``.
    func active(book slug: String) async throws -> ActiveRelease? {
        let rows = try await self.database.query(.contentTree(book: slug))
        guard let published = try PublishedBook(rows) else { return nil }
        var sources: [String: String] = [:]
        for row in rows {
            guard let slug = try row.decode("slug", as: String?.self) else { continue }
            sources[slug] = try row.decode("source_path", as: String.self)
        }
        return ActiveRelease(id: published.releaseID, book: try Book(published, sources: sources))
    }

    /// A number for a release to come. Numbers of releases that came to nothing are not used again.
    func reserveReleaseID() async throws -> Int64 {
        let row = try await self.database.queryOne(
            "SELECT nextval(pg_get_serial_sequence('lectern.release', 'id')) AS id")
        guard let row else { throw PostgresError(code: .unexpectedAnswer, message: "no number for a release") }
        return try row.decode("id")
    }

    /// How many lessons of the book have no current entry in the search index.
    func unindexed(_ book: Book, recipe: IndexRecipe) async throws -> Int {
        let row = try await self.database.queryOne(
            """
            SELECT count(*) AS missing
            FROM jsonb_to_recordset(\(try PostgresJSON(encoding: LessonRow.rows(of: book))))
                   AS l (slug text, content_hash text, chapter_number integer, title text, type text)
            JOIN jsonb_to_recordset(\(try PostgresJSON(encoding: ChapterRow.rows(of: book))))
                   AS c (number integer, part_number integer, title text) ON c.number = l.chapter_number
            JOIN jsonb_to_recordset(\(try PostgresJSON(encoding: PartRow.rows(of: book))))
                   AS p (number integer, title text) ON p.number = c.part_number
            WHERE NOT EXISTS (
              SELECT FROM lectern.book b
              JOIN lectern.lesson n ON n.book_id = b.id AND n.slug = l.slug
              JOIN lectern.lesson_index i ON i.lesson_id = n.id AND i.content_hash = l.content_hash
                AND i.collection = \(recipe.collection) AND i.recipe = \(recipe.fingerprint)
                AND i.labels = \(sql: .indexLabels)
              WHERE b.slug = \(book.slug))
            """)
        return try row?.decode("missing") ?? 0
    }

    /// Writes the release and shows it to readers, all inside the caller's transaction.
    ///
    /// One publication of a book at a time: an advisory lock to the end of the transaction.
    /// - Throws: ``BasisMoved`` when another release is active than the one planned against.
    static func publish(_ publication: Publication, in transaction: JobTransaction) async throws {
        let book = publication.book
        let release = publication.releaseID
        _ = try await transaction.query(.publicationLock("pg_advisory_xact_lock", book: book.slug))
        let row = try await transaction.queryOne(
            """
            INSERT INTO lectern.book (slug, title, language) VALUES (\(book.slug), \(book.title), \(book.language))
            ON CONFLICT (slug) DO UPDATE SET title = excluded.title, language = excluded.language, updated_at = now()
            RETURNING id, active_release
            """)
        guard let row, try row.decode("active_release", as: Int64?.self) == publication.basis else {
            throw BasisMoved()
        }
        let bookID: String = try row.decode("id")
        try await transaction.execute(
            """
            UPDATE lectern.release SET state = 'superseded'
            WHERE book_id = \(bookID)::uuid AND state = 'published'
            """)
        try await transaction.execute(
            """
            INSERT INTO lectern.release (id, book_id, revision, manifest_hash, state, counts, published_at)
            OVERRIDING SYSTEM VALUE
            VALUES (\(release), \(bookID)::uuid, \(publication.revision as String?), \(publication.manifestHash), 'published',
                    \(publication.counts), clock_timestamp())
            """)
        try await self.rename(publication.renames, bookID: bookID, in: transaction)
        try await self.insertTree(book, release: release, bookID: bookID, in: transaction)
        try await transaction.execute(
            "UPDATE lectern.book SET active_release = \(release) WHERE id = \(bookID)::uuid")
    }

    /// Lets lessons keep their identity under another slug. A slug that had an identity of its own before, that of
    /// a lesson deleted earlier, takes that one up again instead.
    private static func rename(
        _ renames: [String: String], bookID: String, in transaction: JobTransaction
    ) async throws {
        guard !renames.isEmpty else { return }
        let sorted = renames.sorted { $0.key < $1.key }
        try await transaction.execute(
            """
            UPDATE lectern.lesson n SET slug = r.new
            FROM unnest(\(sorted.map(\.key)), \(sorted.map(\.value))) AS r (old, new)
            WHERE n.book_id = \(bookID)::uuid AND n.slug = r.old
              AND NOT EXISTS (SELECT FROM lectern.lesson o WHERE o.book_id = n.book_id AND o.slug = r.new)
            """)
    }

    private static func insertTree(
        _ book: Book, release: Int64, bookID: String, in transaction: JobTransaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO lectern.part (release_id, number, title, layer, tier, folder_name, week_start, week_end)
            SELECT \(release)::int8, number, title, layer, tier, folder_name, week_start, week_end
            FROM jsonb_to_recordset(\(try PostgresJSON(encoding: PartRow.rows(of: book))))
                   AS p (number integer, title text, layer text, tier text, folder_name text, week_start integer,
                         week_end integer)
            """)
        try await transaction.execute(
            """
            INSERT INTO lectern.chapter (release_id, number, part_number, local_number, title, folder_name,
                                         prerequisites, transition_check)
            SELECT \(release)::int8, number, part_number, local_number, title, folder_name, prerequisites,
                   transition_check
            FROM jsonb_to_recordset(\(try PostgresJSON(encoding: ChapterRow.rows(of: book))))
                   AS c (number integer, part_number integer, local_number integer, title text, folder_name text,
                         prerequisites integer[], transition_check text)
            """)
        let lessons = try PostgresJSON(encoding: LessonRow.rows(of: book))
        // A slug that was known before keeps its identity, wherever its file stands now.
        try await transaction.execute(
            """
            INSERT INTO lectern.lesson (book_id, slug)
            SELECT \(bookID)::uuid, slug FROM jsonb_to_recordset(\(lessons)) AS l (slug text)
            ON CONFLICT (book_id, slug) DO NOTHING
            """)
        try await transaction.execute(
            """
            INSERT INTO lectern.release_lesson (release_id, lesson_id, position, chapter_number, number, title, slug,
                                                type, content_hash, object_key, bucket_path, sidebar_position,
                                                estimated_minutes, size_bytes, source_path)
            SELECT \(release)::int8, n.id, l.position, l.chapter_number, l.number, l.title, l.slug, l.type,
                   l.content_hash, l.object_key, l.bucket_path, l.sidebar_position, l.estimated_minutes,
                   l.size_bytes, l.source_path
            FROM jsonb_to_recordset(\(lessons))
                   AS l (position integer, chapter_number integer, number integer, title text, slug text, type text,
                         content_hash text, object_key text, bucket_path text, sidebar_position integer,
                         estimated_minutes integer, size_bytes integer, source_path text)
            JOIN lectern.lesson n ON n.book_id = \(bookID)::uuid AND n.slug = l.slug
            """)
    }

    /// Enqueues the indexing of every lesson of the release that has no current entry in the search index. A job for
    /// the same text that waits or runs already is joined.
    /// - Returns: how many lessons were missing.
    @discardableResult
    static func enqueueIndexing(
        release: Int64, recipe: IndexRecipe, in transaction: JobTransaction
    ) async throws -> Int {
        let rows = try await transaction.query(
            """
            SELECT l.lesson_id, l.content_hash FROM lectern.release_lesson l
            JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
            JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
            LEFT JOIN \(sql: .currentIndex(recipe)) ON true
            WHERE l.release_id = \(release) AND i.chunks IS NULL
            ORDER BY l.position
            """)
        let jobs = try rows.map {
            EmbedLesson(
                lessonID: try $0.decode("lesson_id"), contentHash: try $0.decode("content_hash"), releaseID: release)
        }
        try await transaction.enqueue(all: jobs)
        return jobs.count
    }
}

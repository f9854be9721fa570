import ContentHashing
import JobQueuePostgres
import Postgres
import Textbook

/// The release that readers see, as the book it was made from.
struct ActiveRelease: Sendable {
    var id: Int64
    var book: Book
    /// When its author made it, in seconds since 1970, where that was said.
    var committedAt: Int64?
    /// How its lessons are indexed; `nil` for a release of an earlier version.
    var recipe: String?
}

/// A release to be staged.
struct ReleaseDraft: Sendable {
    var book: Book
    var revision: String?
    var committedAt: Int64?
    var manifestHash: String
    var planHash: String
    /// The release it was planned against; publishing over another one would undo that one unseen.
    var basis: Int64?
    /// How often texts had been removed from the bucket when the plan looked at it.
    var collections: Int64
    /// New slugs of lessons by their old ones.
    var renames: [String: String]
    var counts: PostgresJSON
}

/// Another release was published meanwhile, or texts were removed that the plan counted on.
struct BasisMoved: Error {}

/// A newer request for the same book has come further.
struct RequestOvertaken: Error {}

/// The SQL of releases: staged beside the one that readers see, then shown by one row.
struct ReleaseStore: Sendable {
    let database: PostgresClient

    /// One statement, see ``ContentCatalog``.
    func active(book slug: String) async throws -> ActiveRelease? {
        let rows = try await self.database.query(.contentTree(book: slug))
        guard let published = try PublishedBook(rows) else { return nil }
        let row = try await self.database.queryOne(
            """
            SELECT extract(epoch FROM committed_at)::int8 AS committed_at, recipe FROM lectern.release
            WHERE id = \(published.releaseID)
            """)
        return ActiveRelease(
            id: published.releaseID, book: try Book(published, rows: rows),
            committedAt: try row?.decode("committed_at"), recipe: try row?.decode("recipe"))
    }

    /// How often texts were removed from the bucket, or `nil` while they are being removed.
    func collections(book slug: String) async throws -> Int64? {
        let row = try await self.database.queryOne(
            "SELECT collections, coalesce(collecting_until > now(), false) AS busy FROM lectern.book WHERE slug = \(slug)"
        )
        guard let row else { return 0 }
        return try row.decode("busy", as: Bool.self) ? nil : row.decode("collections")
    }

    /// Writes a release that nobody sees yet, in the place of another one that was being staged.
    ///
    /// One change of a book's releases at a time: an advisory lock to the end of the transaction.
    /// - Returns: the release's number.
    /// - Throws: ``BasisMoved`` when another release is active than the one planned against, ``RequestOvertaken``.
    static func stage(
        _ draft: ReleaseDraft, resync: Int64, recipe: IndexRecipe, in transaction: JobTransaction
    ) async throws -> Int64 {
        let book = draft.book
        try await self.lock(book.slug, in: transaction)
        let row = try await transaction.queryOne(
            """
            INSERT INTO lectern.book (slug, title, language) VALUES (\(book.slug), \(book.title), \(book.language))
            ON CONFLICT (slug) DO UPDATE SET updated_at = now()
            RETURNING id, active_release, collections
            """)
        guard let row, try row.decode("active_release", as: Int64?.self) == draft.basis,
            try row.decode("collections", as: Int64.self) == draft.collections
        else { throw BasisMoved() }
        let bookID: String = try row.decode("id")
        let newer = try await transaction.queryOne(
            """
            SELECT FROM lectern.resync s JOIN lectern.release r ON r.id = s.release_id
            WHERE r.book_id = \(bookID)::uuid AND r.state IN ('staging', 'published') AND s.job_id > \(resync) LIMIT 1
            """)
        guard newer == nil else { throw RequestOvertaken() }
        try await self.cancelStaging(bookID: bookID, in: transaction)
        let inserted = try await transaction.queryOne(
            """
            INSERT INTO lectern.release (book_id, revision, manifest_hash, state, counts, basis, title, language,
                                         plan_hash, committed_at, collection, recipe)
            VALUES (\(bookID)::uuid, \(draft.revision as String?), \(draft.manifestHash), 'staging', \(draft.counts),
                    \(draft.basis as Int64?), \(book.title), \(book.language), \(draft.planHash),
                    to_timestamp(\(draft.committedAt as Int64?)::int8), \(recipe.collection), \(recipe.fingerprint))
            RETURNING id
            """)
        guard let inserted else { throw PostgresError(code: .unexpectedAnswer, message: "no number for a release") }
        let release: Int64 = try inserted.decode("id")
        try await self.insertTree(draft, release: release, bookID: bookID, in: transaction)
        return release
    }

    /// A newer plan takes the place of what is being staged; its jobs find that out when they start.
    private static func cancelStaging(bookID: String, in transaction: JobTransaction) async throws {
        try await transaction.execute(
            """
            WITH gone AS (
              UPDATE lectern.release SET state = 'cancelled', ended_at = now(), error_code = 'superseded',
                     error_message = 'a newer state of the book was planned'
              WHERE book_id = \(bookID)::uuid AND state = 'staging' RETURNING id
            )
            UPDATE lectern.resync s SET state = 'cancelled', ended_at = now(), error_code = 'superseded',
                   error_message = 'a newer state of the book was planned'
            FROM gone WHERE s.release_id = gone.id AND s.ended_at IS NULL
            """)
    }

    /// Shows a staged release to readers.
    /// - Throws: ``BasisMoved`` when another release is active than the one it was planned against, or when it is not
    ///   being staged any more.
    static func publish(_ release: Int64, in transaction: JobTransaction) async throws {
        let row = try await transaction.queryOne(
            """
            SELECT b.id AS book_id, b.slug, r.basis FROM lectern.release r JOIN lectern.book b ON b.id = r.book_id
            WHERE r.id = \(release)
            """)
        guard let row else { throw BasisMoved() }
        try await self.lock(try row.decode("slug"), in: transaction)
        let basis = try row.decode("basis", as: Int64?.self)
        // Read again under the lock.
        let stands = try await transaction.queryOne(
            """
            SELECT FROM lectern.release r JOIN lectern.book b ON b.id = r.book_id
            WHERE r.id = \(release) AND r.state = 'staging' AND b.active_release IS NOT DISTINCT FROM \(basis as Int64?)::int8
            """)
        guard stands != nil else { throw BasisMoved() }
        try await self.show(release, bookID: try row.decode("book_id"), leaving: "superseded", in: transaction)
    }

    /// Moves readers from one release to another. The caller holds the book's lock.
    static func show(
        _ release: Int64, bookID: String, leaving state: String, in transaction: JobTransaction
    ) async throws {
        try await transaction.execute(
            """
            UPDATE lectern.release SET state = \(state), ended_at = now()
            WHERE book_id = \(bookID)::uuid AND state = 'published'
            """)
        try await transaction.execute(
            """
            UPDATE lectern.release
            SET state = 'published', published_at = coalesce(published_at, clock_timestamp()), ended_at = NULL
            WHERE id = \(release)
            """)
        try await self.renameLessons(release, bookID: bookID, in: transaction)
        try await transaction.execute(
            """
            UPDATE lectern.book b SET active_release = r.id, title = r.title, language = r.language, updated_at = now()
            FROM lectern.release r WHERE b.id = \(bookID)::uuid AND r.id = \(release)
            """)
    }

    /// Lets lessons go by the slugs of the release. What learners have of a renamed lesson follows it, and its earlier
    /// slug is remembered. A lesson outside of the release whose slug is wanted gives it up.
    private static func renameLessons(
        _ release: Int64, bookID: String, in transaction: JobTransaction
    ) async throws {
        let renamed = try await transaction.query(
            """
            SELECT n.id, n.slug AS old, l.slug AS new FROM lectern.release_lesson l
            JOIN lectern.lesson n ON n.id = l.lesson_id
            WHERE l.release_id = \(release) AND n.slug <> l.slug ORDER BY n.slug
            """)
        guard !renamed.isEmpty else { return }
        let ids = try renamed.map { try $0.decode("id", as: String.self) }
        let old = try renamed.map { try $0.decode("old", as: String.self) }
        let new = try renamed.map { try $0.decode("new", as: String.self) }
        // Every row that stands in the way steps aside first, so that two lessons may also change places.
        try await transaction.execute(
            """
            UPDATE lectern.lesson SET slug = '~' || id
            WHERE book_id = \(bookID)::uuid AND (slug = ANY (\(new)) OR id = ANY (\(ids)::uuid[]))
            """)
        try await transaction.execute(
            """
            UPDATE lectern.lesson n SET slug = r.new
            FROM unnest(\(ids)::uuid[], \(new)) AS r (id, new) WHERE n.id = r.id
            """)
        try await transaction.execute(
            """
            INSERT INTO lectern.former_slug (book_id, slug, lesson_id)
            SELECT \(bookID)::uuid, r.old, r.id FROM unnest(\(ids)::uuid[], \(old)) AS r (id, old)
            WHERE r.old NOT LIKE '~%'
            ON CONFLICT (book_id, slug) DO UPDATE SET lesson_id = excluded.lesson_id, created_at = now()
            """)
        try await transaction.execute(
            """
            UPDATE lectern.personalized_lesson p SET lesson_slug = r.new
            FROM unnest(\(old), \(new)) AS r (old, new)
            WHERE p.lesson_slug = r.old AND p.content_hash IN (
                SELECT l.content_hash FROM lectern.release_lesson l WHERE l.release_id = \(release) AND l.slug = r.new)
              AND NOT EXISTS (
                SELECT FROM lectern.personalized_lesson o
                WHERE o.user_id = p.user_id AND o.lesson_slug = r.new AND o.content_hash = p.content_hash
                  AND o.preferences_hash = p.preferences_hash)
            """)
    }

    /// A lock on the book's releases, held to the end of the transaction.
    static func lock(_ slug: String, in transaction: JobTransaction) async throws {
        _ = try await transaction.query(.publicationLock("pg_advisory_xact_lock", book: slug))
    }

    private static func insertTree(
        _ draft: ReleaseDraft, release: Int64, bookID: String, in transaction: JobTransaction
    ) async throws {
        let book = draft.book
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
        let renames = draft.renames.sorted { $0.key < $1.key }
        // A slug that was known before keeps its identity, wherever its file stands now; a new slug of a lesson that
        // readers know by another one has that one's.
        try await transaction.execute(
            """
            INSERT INTO lectern.lesson (book_id, slug)
            SELECT \(bookID)::uuid, l.slug FROM jsonb_to_recordset(\(lessons)) AS l (slug text)
            WHERE l.slug <> ALL (\(renames.map(\.value)))
            ON CONFLICT (book_id, slug) DO NOTHING
            """)
        try await transaction.execute(
            """
            INSERT INTO lectern.release_lesson (release_id, lesson_id, position, chapter_number, number, title, slug,
                                                type, content_hash, object_key, bucket_path, sidebar_position,
                                                estimated_minutes, goals, size_bytes, source_path)
            SELECT \(release)::int8, n.id, l.position, l.chapter_number, l.number, l.title, l.slug, l.type,
                   l.content_hash, l.object_key, l.bucket_path, l.sidebar_position, l.estimated_minutes,
                   l.goals, l.size_bytes, l.source_path
            FROM jsonb_to_recordset(\(lessons))
                   AS l (position integer, chapter_number integer, number integer, title text, slug text, type text,
                         content_hash text, object_key text, bucket_path text, sidebar_position integer,
                         estimated_minutes integer, goals text[], size_bytes integer, source_path text)
            LEFT JOIN unnest(\(renames.map(\.key)), \(renames.map(\.value))) AS m (old, new) ON m.new = l.slug
            JOIN lectern.lesson n ON n.book_id = \(bookID)::uuid AND n.slug = coalesce(m.old, l.slug)
            """)
    }
}

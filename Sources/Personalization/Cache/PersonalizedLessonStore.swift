import FoundationEssentials
import JobQueue
import JobQueuePostgres
import Learners
import Postgres

/// The only SQL on the cache of personalized lessons and on the operations of its callers.
struct PersonalizedLessonStore: Sendable {
    let database: PostgresClient
    /// The book whose lessons are meant; `nil` for the only one there is.
    let bookSlug: String?

    /// What the database knows of a learner, of a published lesson and of the cache row between them.
    struct Standing: Sendable {
        var preferencesHash: String?
        var contentHash: String?
        var row: PersonalizedLesson?
    }

    /// The lesson's text that a job is to work on.
    struct Material: Sendable {
        var title: String
        var objectKey: String
    }

    private static let columns: SQL = """
        c.user_id, c.lesson_slug, c.content_hash, c.preferences_hash, c.state, c.personalized_content, c.generator,
        c.prompt_version, c.generated_at, c.job_id, c.operation_id, c.error_code, c.error_message, c.retryable
        """

    /// One statement for the hit path, by primary keys only: learner, preferences, active release, cache row.
    /// - Returns: `nil` for an unknown learner.
    func standing(of userID: LearnerID, slug: String) async throws -> Standing? {
        let row = try await self.database.queryOne(
            """
            SELECT p.preferences_hash AS current_preferences, r.content_hash AS current_content,
                \(sql: Self.columns)
            FROM lectern.learner l
            LEFT JOIN lectern.preferences p ON p.user_id = l.id
            LEFT JOIN LATERAL (
                SELECT rl.slug, rl.content_hash FROM lectern.book b
                JOIN lectern.release_lesson rl ON rl.release_id = b.active_release AND rl.slug = \(slug)
                WHERE \(self.bookSlug as String?)::text IS NULL OR b.slug = \(self.bookSlug as String?)
                ORDER BY b.created_at, b.slug LIMIT 1
            ) r ON true
            LEFT JOIN lectern.personalized_lesson c ON c.user_id = l.id AND c.lesson_slug = r.slug
                AND c.content_hash = r.content_hash AND c.preferences_hash = p.preferences_hash
            WHERE l.id = \(userID.uuid)
            """)
        guard let row else { return nil }
        return Standing(
            preferencesHash: try row.decode("current_preferences", as: String?.self),
            contentHash: try row.decode("current_content", as: String?.self),
            row: try row.decode("state", as: String?.self) == nil ? nil : row.personalizedLesson())
    }

    /// One cache row by its primary key.
    func row(_ key: PersonalizationKey) async throws -> PersonalizedLesson? {
        try await self.database.queryOne(
            """
            SELECT \(sql: Self.columns) FROM lectern.personalized_lesson c WHERE \(sql: Self.matches(key))
            """
        )?.personalizedLesson()
    }

    /// Files a pending row, unless one is pending or ready: of many callers one gets the row.
    ///
    /// Locks the learner's preferences `FOR SHARE`, so that no change of answers passes between the look at them and
    /// the row, and then the row itself by its primary key.
    /// - Parameter stale: a job that is known to have ended without a word; its pending row may be taken over.
    /// - Returns: false when another caller was first or the answers changed; the caller looks again.
    func claim(
        _ key: PersonalizationKey, operationID: UUID, replacing stale: JobID?, in session: some PostgresSession
    ) async throws -> Bool {
        let preferences = try await session.queryOne(
            """
            SELECT preferences_hash FROM lectern.preferences
            WHERE user_id = \(key.userID.uuid) AND preferences_hash = \(key.preferencesHash) FOR SHARE
            """)
        guard preferences != nil else { return false }
        return try await session.execute(
            """
            INSERT INTO lectern.personalized_lesson AS c
                (user_id, lesson_slug, content_hash, preferences_hash, state, operation_id, job_id)
            VALUES (\(key.userID.uuid), \(key.lessonSlug), \(key.contentHash), \(key.preferencesHash), 'pending',
                \(operationID), 0)
            ON CONFLICT (user_id, lesson_slug, content_hash, preferences_hash) DO UPDATE
            SET state = 'pending', operation_id = excluded.operation_id, job_id = 0, error_code = NULL,
                error_message = NULL, retryable = NULL, created_at = now()
            WHERE c.state = 'failed' OR (c.state = 'pending' AND c.job_id = \(stale?.rawValue as Int64?))
            """) == 1
    }

    /// Completes a claim with its job and files the operation. Runs in the transaction of the claim.
    func file(
        _ key: PersonalizationKey, operationID: UUID, jobID: JobID, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            """
            WITH filed AS (
                UPDATE lectern.personalized_lesson c SET job_id = \(jobID.rawValue) WHERE \(sql: Self.matches(key))
            )
            INSERT INTO lectern.operation
                (id, kind, user_id, lesson_slug, content_hash, preferences_hash, job_id)
            VALUES (\(operationID), 'personalize_lesson', \(key.userID.uuid), \(key.lessonSlug), \(key.contentHash),
                \(key.preferencesHash), \(jobID.rawValue))
            """)
    }

    /// Fills a pending row. A row that was cleared, or deleted with a change of answers, stays gone.
    func finish(
        _ key: PersonalizationKey, _ lesson: GeneratedLesson, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            """
            UPDATE lectern.personalized_lesson c SET state = 'ready', personalized_content = \(lesson.text),
                generator = \(lesson.generator), prompt_version = \(lesson.promptVersion as String?), generated_at = now(),
                error_code = NULL, error_message = NULL, retryable = NULL
            WHERE \(sql: Self.matches(key)) AND c.state = 'pending'
            """)
    }

    /// Whether a pending row under the learner's present answers waits for this job.
    func isAwaited(_ key: PersonalizationKey, jobID: JobID, in session: some PostgresSession) async throws -> Bool {
        let row = try await session.queryOne(
            """
            SELECT EXISTS (
                SELECT FROM lectern.personalized_lesson c
                JOIN lectern.preferences p ON p.user_id = c.user_id AND p.preferences_hash = c.preferences_hash
                WHERE \(sql: Self.matches(key)) AND c.state = 'pending' AND c.job_id = \(jobID.rawValue)
            ) AS awaited
            """)
        return try row?.decode("awaited") ?? false
    }

    /// Marks a pending row of this job as failed.
    func fail(_ key: PersonalizationKey, _ failure: PersonalizedLesson.Failure, jobID: JobID) async throws {
        _ = try await self.database.execute(
            """
            UPDATE lectern.personalized_lesson c SET state = 'failed', error_code = \(failure.code),
                error_message = \(failure.message), retryable = \(failure.isRetryable)
            WHERE \(sql: Self.matches(key)) AND c.state = 'pending' AND c.job_id = \(jobID.rawValue)
            """)
    }

    /// Deletes the learner's rows.
    /// - Returns: how many there were; `nil` for an unknown learner.
    func clear(_ userID: LearnerID) async throws -> Int? {
        let row = try await self.database.queryOne(
            """
            WITH gone AS (
                DELETE FROM lectern.personalized_lesson WHERE user_id = \(userID.uuid) RETURNING 1
            )
            SELECT (SELECT count(*) FROM gone) AS deleted FROM lectern.learner WHERE id = \(userID.uuid)
            """)
        return try row?.decode("deleted", as: Int.self)
    }

    /// Deletes one row that is still pending under the operation.
    func withdraw(_ key: PersonalizationKey, operationID: UUID) async throws {
        _ = try await self.database.execute(
            """
            DELETE FROM lectern.personalized_lesson c
            WHERE \(sql: Self.matches(key)) AND c.state = 'pending' AND c.operation_id = \(operationID)
            """)
    }

    /// Where the text of a key can be read: the active release, else the newest that holds the same text.
    func material(_ key: PersonalizationKey) async throws -> Material? {
        let row = try await self.database.queryOne(
            """
            SELECT rl.title, rl.object_key FROM lectern.lesson l
            JOIN lectern.book b ON b.id = l.book_id
            JOIN lectern.release_lesson rl ON rl.lesson_id = l.id
            WHERE l.slug = \(key.lessonSlug) AND rl.content_hash = \(key.contentHash)
                AND (\(self.bookSlug as String?)::text IS NULL OR b.slug = \(self.bookSlug as String?))
            ORDER BY rl.release_id = b.active_release DESC, rl.release_id DESC LIMIT 1
            """)
        return try row.map { Material(title: try $0.decode("title"), objectKey: try $0.decode("object_key")) }
    }

    static func matches(_ key: PersonalizationKey) -> SQL {
        """
        c.user_id = \(key.userID.uuid) AND c.lesson_slug = \(key.lessonSlug)
            AND c.content_hash = \(key.contentHash) AND c.preferences_hash = \(key.preferencesHash)
        """
    }
}

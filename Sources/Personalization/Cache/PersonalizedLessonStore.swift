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
    /// The fingerprint of the means by which lessons are written now; text by another recipe counts as none.
    let recipe: String

    /// What the database knows of a learner, of a published lesson and of the cache row between them.
    struct Standing: Sendable {
        var preferencesHash: String?
        /// The lesson's name; differs from the one asked for where that is a former one.
        var slug: String?
        var contentHash: String?
        var row: PersonalizedLesson?
    }

    /// The lesson's text that a job is to work on.
    struct Material: Sendable {
        var title: String
        var objectKey: String
    }

    static let columns: SQL = """
        c.user_id, c.lesson_slug, c.content_hash, c.preferences_hash, \(sql: Self.stateColumns)
        """

    /// All but the key.
    static let stateColumns: SQL = """
        c.state, c.generator, c.prompt_version, c.generated_at, c.text_hash, c.is_shared, c.job_id, c.operation_id,
        c.error_code, c.error_message, c.retryable
        """

    /// One cache row by its primary key, unless it was written by another recipe.
    func row(_ key: PersonalizationKey) async throws -> PersonalizedLesson? {
        try await self.database.queryOne(
            """
            SELECT \(sql: Self.columns) FROM lectern.personalized_lesson c
            WHERE \(sql: Self.matches(key)) AND c.recipe = \(self.recipe)
            """
        )?.personalizedLesson()
    }

    /// Files a pending row, unless one is pending or ready: of many callers one gets the row.
    ///
    /// Locks the learner's preferences `FOR SHARE`, so that no change of answers passes between the look at them and
    /// the row, and then the row itself by its primary key. A row by another recipe is taken over.
    /// - Parameter stale: a job that is known to have ended without a word; its pending row may be taken over.
    /// - Returns: false when another caller was first or the answers changed; the caller looks again.
    func claim(
        _ key: PersonalizationKey, operationID: UUID, replacing stale: JobID?, in session: some PostgresSession
    ) async throws -> Bool {
        guard try await self.holdsAnswers(key, in: session) else { return false }
        return try await session.execute(
            """
            INSERT INTO lectern.personalized_lesson AS c
                (user_id, lesson_slug, content_hash, preferences_hash, state, operation_id, job_id, recipe)
            VALUES (\(key.userID.uuid), \(key.lessonSlug), \(key.contentHash), \(key.preferencesHash), 'pending',
                \(operationID), 0, \(self.recipe))
            ON CONFLICT (user_id, lesson_slug, content_hash, preferences_hash) DO UPDATE
            SET state = 'pending', operation_id = excluded.operation_id, job_id = 0, error_code = NULL,
                error_message = NULL, retryable = NULL, created_at = now(), recipe = excluded.recipe, sections = NULL,
                opening = NULL, closing = NULL, text_hash = NULL, generator = NULL, prompt_version = NULL,
                generated_at = NULL, is_shared = false
            WHERE \(sql: Self.isVacant(replacing: stale))
            """) == 1
    }

    /// Writes a row for which every section was there already.
    /// - Returns: false when another caller was first or the answers changed; the caller looks again.
    func fill(
        _ key: PersonalizationKey, with lesson: AssembledLesson, operationID: UUID, replacing stale: JobID?,
        in session: some PostgresSession
    ) async throws -> Bool {
        guard try await self.holdsAnswers(key, in: session) else { return false }
        return try await session.execute(
            """
            INSERT INTO lectern.personalized_lesson AS c
                (user_id, lesson_slug, content_hash, preferences_hash, state, operation_id, job_id, recipe, sections,
                 opening, closing, text_hash, generator, prompt_version, generated_at, is_shared)
            VALUES (\(key.userID.uuid), \(key.lessonSlug), \(key.contentHash), \(key.preferencesHash), 'ready',
                \(operationID), 0, \(self.recipe), \(lesson.sections.map(\.hex)), \(lesson.frame.opening),
                \(lesson.frame.closing), \(lesson.hash), \(lesson.generator), \(lesson.promptVersion as String?), now(),
                true)
            ON CONFLICT (user_id, lesson_slug, content_hash, preferences_hash) DO UPDATE
            SET state = 'ready', operation_id = excluded.operation_id, job_id = 0, error_code = NULL,
                error_message = NULL, retryable = NULL, created_at = now(), recipe = excluded.recipe,
                sections = excluded.sections, opening = excluded.opening, closing = excluded.closing,
                text_hash = excluded.text_hash, generator = excluded.generator,
                prompt_version = excluded.prompt_version, generated_at = now(), is_shared = true
            WHERE \(sql: Self.isVacant(replacing: stale))
            """) == 1
    }

    /// Whether the row of the key may be taken over.
    private static func isVacant(replacing stale: JobID?) -> SQL {
        """
        c.state = 'failed' OR c.recipe <> excluded.recipe
            OR (c.state = 'pending' AND c.job_id = \(stale?.rawValue as Int64?))
        """
    }

    private func holdsAnswers(_ key: PersonalizationKey, in session: some PostgresSession) async throws -> Bool {
        try await session.queryOne(
            """
            SELECT preferences_hash FROM lectern.preferences
            WHERE user_id = \(key.userID.uuid) AND preferences_hash = \(key.preferencesHash) FOR SHARE
            """) != nil
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

    /// The answers of those whose rows wait for the job; rows that were cleared, or deleted with a change of answers,
    /// are gone and stay so.
    func waitingProfiles(
        _ jobID: JobID, in session: some PostgresSession
    ) async throws -> [(preferencesHash: String, profile: LearnerProfile)] {
        try await session.query(
            """
            SELECT DISTINCT ON (c.preferences_hash) c.preferences_hash, p.education_level, p.programming_experience,
                p.robotics_background, p.ai_ml_experience, p.learning_goals, p.preferred_language
            FROM lectern.personalized_lesson c
            JOIN lectern.preferences p ON p.user_id = c.user_id AND p.preferences_hash = c.preferences_hash
            WHERE c.job_id = \(jobID.rawValue) AND c.state = 'pending' ORDER BY c.preferences_hash
            """
        ).map { (try $0.decode("preferences_hash"), try $0.profile()) }
    }

    /// Fills the rows that wait for a job under the same answers.
    func finish(
        _ jobID: JobID, preferencesHash: String, with lesson: AssembledLesson, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            """
            UPDATE lectern.personalized_lesson c SET state = 'ready', sections = \(lesson.sections.map(\.hex)),
                opening = \(lesson.frame.opening), closing = \(lesson.frame.closing), text_hash = \(lesson.hash),
                generator = \(lesson.generator), prompt_version = \(lesson.promptVersion as String?),
                generated_at = now(), is_shared = false, error_code = NULL, error_message = NULL, retryable = NULL
            WHERE c.job_id = \(jobID.rawValue) AND c.state = 'pending' AND c.preferences_hash = \(preferencesHash)
            """)
    }

    /// Whether a pending row under its learner's present answers waits for this job.
    func isAwaited(_ jobID: JobID, in session: some PostgresSession) async throws -> Bool {
        let row = try await session.queryOne(
            """
            SELECT EXISTS (
                SELECT FROM lectern.personalized_lesson c
                JOIN lectern.preferences p ON p.user_id = c.user_id AND p.preferences_hash = c.preferences_hash
                WHERE c.job_id = \(jobID.rawValue) AND c.state = 'pending'
            ) AS awaited
            """)
        return try row?.decode("awaited") ?? false
    }

    /// Marks the rows that wait for a job as failed.
    func fail(
        _ jobID: JobID, _ failure: PersonalizedLesson.Failure, in session: some PostgresSession
    ) async throws {
        _ = try await session.execute(
            """
            UPDATE lectern.personalized_lesson c SET state = 'failed', error_code = \(failure.code),
                error_message = \(failure.message), retryable = \(failure.isRetryable)
            WHERE c.job_id = \(jobID.rawValue) AND c.state = 'pending'
            """)
    }

    /// Deletes the learner's rows.
    /// - Returns: how many there were, and the jobs that some of them waited for; `nil` for an unknown learner.
    func clear(_ userID: LearnerID) async throws -> (count: Int, waits: [(job: JobID, operation: UUID)])? {
        try await self.database.withTransaction { transaction in
            let known = try await transaction.queryOne(
                "SELECT 1 FROM lectern.learner WHERE id = \(userID.uuid) FOR KEY SHARE")
            guard known != nil else { return nil }
            let gone = try await transaction.query(
                """
                DELETE FROM lectern.personalized_lesson WHERE user_id = \(userID.uuid)
                RETURNING state, job_id, operation_id
                """)
            let waits = try gone.filter { try $0.decode("state", as: String.self) == "pending" }.map {
                (job: JobID(rawValue: try $0.decode("job_id")), operation: try $0.decode("operation_id", as: UUID.self))
            }
            return (gone.count, waits)
        }
    }

    /// Deletes one row that is still pending under the operation.
    func withdraw(_ key: PersonalizationKey, operationID: UUID) async throws {
        _ = try await self.database.execute(
            """
            DELETE FROM lectern.personalized_lesson c
            WHERE \(sql: Self.matches(key)) AND c.state = 'pending' AND c.operation_id = \(operationID)
            """)
    }

    /// Where the text of a lesson can be read: the active release, else the newest that holds the same text.
    func material(slug: String, contentHash: String) async throws -> Material? {
        let row = try await self.database.queryOne(
            """
            SELECT rl.title, rl.object_key FROM lectern.book b
            JOIN lectern.release r ON r.book_id = b.id
            JOIN lectern.release_lesson rl ON rl.release_id = r.id
            WHERE rl.slug = \(slug) AND rl.content_hash = \(contentHash)
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

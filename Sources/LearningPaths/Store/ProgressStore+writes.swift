import FoundationEssentials
public import Learners
import Postgres
import Textbook
import TextbookSync

extension ProgressStore {
    /// Where a learner stands with one lesson; writes nothing. A former slug finds the lesson under its present one.
    /// - Throws: ``PathError`` for an unknown learner or lesson.
    public func status(of id: LearnerID, slug: String) async throws -> LessonStatus {
        try await self.answer(
            """
            WITH \(sql: self.question(id, slug: slug))
            SELECT \(sql: Self.answerColumns)
            FROM (VALUES (1)) AS one LEFT JOIN who ON true LEFT JOIN what ON true
            LEFT JOIN lectern.lesson_progress g ON g.user_id = who.id AND g.lesson_id = what.lesson_id
            """)
    }

    /// Notes that a lesson was opened. A lesson that was begun or completed stays what it is.
    /// - Throws: ``PathError`` for an unknown learner or lesson.
    public func start(_ id: LearnerID, slug: String) async throws -> LessonStatus {
        try await self.write(
            id, slug: slug, columns: "", values: "", change: "last_at = now()", isOpening: true)
    }

    /// Adds time; it opens a lesson that was not. A report whose number was among the last 32 of this lesson adds
    /// nothing.
    /// - Parameter seconds: 0 to 86,400.
    /// - Throws: ``PathError`` for an unknown learner or lesson.
    public func addTime(
        _ id: LearnerID, slug: String, seconds: Int, reportNumber: Int?
    ) async throws -> LessonStatus {
        let reports = reportNumber.map { [$0] } ?? []
        return try await self.write(
            id, slug: slug, columns: ", time_spent_seconds, recent_reports", values: ", \(seconds), \(reports)",
            change: """
                last_at = now(),
                    time_spent_seconds = g.time_spent_seconds
                        + CASE WHEN g.recent_reports && excluded.recent_reports THEN 0 ELSE excluded.time_spent_seconds END,
                    recent_reports = CASE WHEN g.recent_reports && excluded.recent_reports THEN g.recent_reports
                        ELSE (excluded.recent_reports || g.recent_reports)[1:32] END
                """)
    }

    /// Notes that a lesson was read to its end.
    ///
    /// A completed lesson keeps the time of its completion. Read again a day or more later, it counts as reviewed. A text
    /// that changed since counts as read.
    /// - Throws: ``PathError`` for an unknown learner or lesson.
    public func complete(_ id: LearnerID, slug: String) async throws -> LessonStatus {
        let isReview: SQL = """
            (g.state = 'completed' AND g.reviewed_at <= now() - make_interval(days => \(ReviewSchedule.shortestBreakDays)::integer))
            """
        return try await self.write(
            id, slug: slug,
            columns: ", completed_at, content_hash, read_chunks, reviewed_at, stability_days",
            values: """
                , now(), what.content_hash, what.chunks, now(),
                CASE what.type WHEN 'lab' THEN \(ReviewSchedule.firstStability(of: .lab))::double precision
                    ELSE \(ReviewSchedule.firstStability(of: .lesson))::double precision END
                """,
            change: """
                last_at = now(), state = 'completed', completed_at = coalesce(g.completed_at, excluded.completed_at),
                    content_hash = excluded.content_hash, read_chunks = excluded.read_chunks,
                    reviews = g.reviews + CASE WHEN \(sql: isReview) THEN 1 ELSE 0 END,
                    reviewed_at = CASE WHEN g.reviewed_at IS NULL OR \(sql: isReview) THEN now()
                        ELSE g.reviewed_at END,
                    stability_days = CASE
                        WHEN \(sql: isReview) THEN least(g.stability_days * \(ReviewSchedule.growth)::double precision,
                            \(ReviewSchedule.longestStabilityDays)::double precision)
                        ELSE coalesce(g.stability_days, excluded.stability_days) END
                """,
            state: "completed", isOpening: true,
            chunks: """
                (SELECT \(sql: Self.chunkHashes) FROM \(sql: .releaseIndex) JOIN lectern.chunk k ON k.entry_id = i.id)
                """)
    }

    /// Counts that these lessons were recommended; slugs of no published lesson are passed over.
    /// - Throws: ``PathError`` for an unknown learner.
    public func noteShown(_ id: LearnerID, slugs: [String]) async throws {
        // Locks the learner's row against removal; the rows are written in the order of their key.
        let row = try await self.database.queryOne(
            """
            WITH who AS (SELECT id FROM lectern.learner WHERE id = \(id.uuid) FOR KEY SHARE),
            noted AS (
                INSERT INTO lectern.recommendation_shown AS s (user_id, lesson_id, shown)
                SELECT who.id, l.lesson_id, 1 FROM who, \(sql: .readersBook(self.bookSlug))
                JOIN lectern.release_lesson l ON l.release_id = b.active_release AND l.slug = ANY (\(slugs))
                ORDER BY l.lesson_id
                ON CONFLICT (user_id, lesson_id) DO UPDATE SET shown = least(s.shown + 1, 1000), last_at = now()
            )
            SELECT count(*) AS learners FROM who
            """)
        guard try row?.decode("learners", as: Int.self) == 1 else { throw PathError.unknownLearner }
    }
}

extension ProgressStore {
    /// The learner as `who` and the lesson as `what`, found by its present slug or else by a former one. Each by its
    /// primary key or unique index.
    private func question(
        _ id: LearnerID, slug: String, lock: SQL = "", chunks: SQL = "NULL::integer[]"
    ) -> SQL {
        """
        who AS (SELECT id FROM lectern.learner WHERE id = \(id.uuid) \(sql: lock)),
        what AS (
            SELECT l.lesson_id, l.slug, l.type, l.content_hash, \(sql: chunks) AS chunks
            FROM (
                SELECT n.*, n.slug <> \(slug) AS is_former FROM \(sql: .readersBook(self.bookSlug))
                JOIN lectern.release_lesson n ON n.release_id = b.active_release AND (n.slug = \(slug) OR n.lesson_id = (
                    SELECT f.lesson_id FROM lectern.former_slug f WHERE f.book_id = b.id AND f.slug = \(slug)))
                ORDER BY is_former LIMIT 1
            ) l
            JOIN lectern.release r ON r.id = l.release_id
            JOIN lectern.chapter c ON c.release_id = r.id AND c.number = l.chapter_number
            JOIN lectern.part p ON p.release_id = r.id AND p.number = c.part_number
        )
        """
    }

    private static let answerColumns: SQL = """
        who.id IS NOT NULL AS is_known, what.slug, g.state, g.started_at, g.completed_at, g.last_at,
        g.time_spent_seconds, g.reviews, g.reviewed_at, g.stability_days, false AS is_changed,
        NULL::integer[] AS read_chunks
        """

    /// One statement: finds learner and lesson, inserts or changes the row, and answers with it. Locks the learner's row
    /// against removal, then the row of the progress.
    private func write(
        _ id: LearnerID, slug: String, columns: SQL, values: SQL, change: SQL, state: String = "in_progress",
        isOpening: Bool = false, chunks: SQL = "NULL::integer[]"
    ) async throws -> LessonStatus {
        try await self.answer(
            """
            WITH \(sql: self.question(id, slug: slug, lock: "FOR KEY SHARE", chunks: chunks)),
            opened AS (
                DELETE FROM lectern.recommendation_shown s USING who, what
                WHERE \(isOpening) AND s.user_id = who.id AND s.lesson_id = what.lesson_id
            ),
            g AS (
                INSERT INTO lectern.lesson_progress AS g (user_id, lesson_id, state\(sql: columns))
                SELECT who.id, what.lesson_id, \(state)\(sql: values) FROM who, what
                ON CONFLICT (user_id, lesson_id) DO UPDATE SET \(sql: change)
                RETURNING *
            )
            SELECT \(sql: Self.answerColumns)
            FROM (VALUES (1)) AS one LEFT JOIN who ON true LEFT JOIN what ON true LEFT JOIN g ON true
            """)
    }

    private func answer(_ query: SQL) async throws -> LessonStatus {
        guard let row = try await self.database.queryOne(query.repeated), try row.decode("is_known") else {
            throw PathError.unknownLearner
        }
        guard let slug: String = try row.decode("slug", as: String?.self) else { throw PathError.unknownLesson }
        return LessonStatus(progress: try row.lessonProgress(), slug: slug)
    }
}

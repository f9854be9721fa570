import FoundationEssentials
public import Learners
public import Postgres
import TextbookSync

/// What learners have read, and the only SQL that writes it.
public struct ProgressStore: Sendable {
    let database: PostgresClient
    let bookSlug: String?
    private let catalog: ContentCatalog
    private let words: GoalWords
    private let paths = PublishedPathCache()

    /// - Parameter bookSlug: the book to read; `nil` takes the earliest one that has anything published.
    /// - Throws: ``PathError`` when the installation lacks a file.
    public init(database: PostgresClient, bookSlug: String? = nil) throws(PathError) {
        self.database = database
        self.bookSlug = bookSlug
        self.catalog = ContentCatalog(database: database, bookSlug: bookSlug)
        self.words = try .bundled()
    }

    /// A learner's record beside the published book.
    public struct Account: Sendable {
        public var path: PublishedPath
        public var record: LearnerRecord

        /// The place of the lesson that the learner was last heard of in and has not completed.
        public var lastBegun: Int? {
            var latest: (at: Date, place: Int)?
            for (place, lesson) in self.path.lessons.enumerated() {
                guard let progress = self.record.progress[lesson.id], progress.state == .inProgress,
                    progress.lastAt >= latest?.at ?? .distantPast
                else { continue }
                latest = (progress.lastAt, place)
            }
            return latest?.place
        }
    }

    /// Everything there is to know of a learner's way through the book. One statement, by primary keys; the book itself
    /// is read when its release is new to this process.
    /// - Throws: ``PathError`` for an unknown learner, `CatalogError` when nothing is published.
    public func account(of id: LearnerID) async throws -> Account {
        let rows = try await self.database.query(self.accountQuery(id).repeated)
        guard let first = rows.first else { throw PathError.unknownLearner }
        let path = try await self.path(release: try first.decode("active_release", as: Int64?.self))
        var record = LearnerRecord(
            now: try first.decode("now"),
            profile: try first.decode("education_level", as: String?.self) == nil ? nil : first.profile())
        for row in rows {
            guard let lesson: String = try row.decode("lesson_id", as: String?.self) else { continue }
            record.progress[lesson] = try row.lessonProgress()
            record.shown[lesson] = try row.decode("shown", as: Int?.self)
        }
        return Account(path: path, record: record)
    }

    private func accountQuery(_ id: LearnerID) -> SQL {
        """
        SELECT now() AS now, b.active_release, p.education_level, p.programming_experience, p.robotics_background,
            p.ai_ml_experience, p.learning_goals, p.preferred_language,
            t.lesson_id, t.state, t.started_at, t.completed_at, t.last_at, t.time_spent_seconds, t.reviews,
            t.reviewed_at, t.stability_days, t.shown,
            coalesce(rl.content_hash <> t.content_hash, false) AS is_changed,
            CASE WHEN rl.content_hash <> t.content_hash THEN t.read_chunks END AS read_chunks
        FROM lectern.learner l
        LEFT JOIN \(sql: .readersBook(self.bookSlug)) ON true
        LEFT JOIN lectern.preferences p ON p.user_id = l.id
        LEFT JOIN LATERAL (
            SELECT * FROM (SELECT * FROM lectern.lesson_progress WHERE user_id = l.id) g
            FULL JOIN (
                SELECT lesson_id, shown FROM lectern.recommendation_shown WHERE user_id = l.id
            ) s USING (lesson_id)
        ) t ON true
        LEFT JOIN lectern.release_lesson rl ON rl.release_id = b.active_release AND rl.lesson_id = t.lesson_id
        WHERE l.id = \(id.uuid)
        """
    }

    private func path(release: Int64?) async throws -> PublishedPath {
        if let release, let kept = self.paths.path(release: release) { return kept }
        let book = try await self.catalog.book()
        let path = PublishedPath(
            book: book,
            curriculum: try Curriculum(book, texts: try await self.texts(of: book.releaseID), words: self.words))
        self.paths.keep(path)
        return path
    }

    /// What the search index knows of the texts of a release.
    private func texts(of release: Int64) async throws -> [String: Curriculum.IndexedText] {
        let rows = try await self.database.query(
            """
            SELECT l.lesson_id, array_agg(k.section_title ORDER BY k.chunk_index) AS headings,
                \(sql: Self.chunkHashes) AS chunks
            FROM lectern.release r
            JOIN lectern.release_lesson l ON l.release_id = r.id
            JOIN lectern.chapter c ON c.release_id = r.id AND c.number = l.chapter_number
            JOIN lectern.part p ON p.release_id = r.id AND p.number = c.part_number
            JOIN \(sql: .releaseIndex) ON true
            JOIN lectern.chunk k ON k.entry_id = i.id
            WHERE r.id = \(release)
            GROUP BY l.lesson_id
            """)
        var texts: [String: Curriculum.IndexedText] = [:]
        for row in rows {
            let headings = try row.decode("headings", as: [String].self)
            texts[try row.decode("lesson_id")] = Curriculum.IndexedText(
                // A long section has several chunks and one heading.
                headings: headings.enumerated().filter { $0.offset == 0 || headings[$0.offset - 1] != $0.element }
                    .map(\.element),
                chunks: try row.decode("chunks"))
        }
        return texts
    }

    /// The chunks `k` of one text, each as 32 bits.
    static let chunkHashes: SQL = """
        array_agg(('x' || left(md5(k.body), 8))::bit(32)::integer ORDER BY k.chunk_index)
        """
}

extension PathError {
    static let unknownLearner = PathError(.unknownLearner, "There is no such user.")
    static let unknownLesson = PathError(.unknownLesson, "There is no published lesson with this slug.")
}

extension PostgresRow {
    /// The progress of a row that holds the columns under their names; `nil` where the lesson was never started.
    func lessonProgress() throws -> LessonProgress? {
        guard let word: String = try self.decode("state", as: String?.self) else { return nil }
        guard let state = LessonProgress.State(rawValue: word) else {
            throw PathError(.corruptRow, "A stored state of progress is unknown.")
        }
        var schedule: ReviewSchedule?
        if let reviewedAt: Date = try self.decode("reviewed_at", as: Date?.self),
            let stability: Double = try self.decode("stability_days", as: Double?.self)
        {
            schedule = ReviewSchedule(reviewedAt: reviewedAt, stabilityDays: stability)
        }
        return LessonProgress(
            state: state, startedAt: try self.decode("started_at"), completedAt: try self.decode("completed_at"),
            lastAt: try self.decode("last_at"), seconds: try self.decode("time_spent_seconds"),
            reviews: try self.decode("reviews"), schedule: schedule, isChanged: try self.decode("is_changed"),
            readChunks: try self.decode("read_chunks", as: [Int32]?.self) ?? [])
    }
}

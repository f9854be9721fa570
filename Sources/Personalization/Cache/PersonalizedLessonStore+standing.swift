import FoundationEssentials
import Learners
import Postgres

extension PersonalizedLessonStore {
    /// Who asks for what.
    struct Question: Hashable, Sendable {
        var userID: LearnerID
        var slug: String
    }

    /// One statement for many questions, by primary keys only: learner, preferences, active release, cache row.
    ///
    /// The arrays stand in sub-selects, so that the planner does not see how long they are: it would take a plan for three
    /// questions to be cheaper than the general one, and plan each time anew, which costs more than the answer.
    /// - Returns: for each question where it stands; `nil` for an unknown learner.
    func standings(_ questions: [Question]) async throws -> [Standing?] {
        let statement: SQL = """
            SELECT l.id IS NOT NULL AS is_known, p.preferences_hash AS current_preferences,
                r.slug AS current_slug, r.content_hash AS current_content, \(sql: Self.stateColumns)
            FROM unnest((SELECT \(questions.map(\.userID.text))::uuid[]), (SELECT \(questions.map(\.slug))))
                WITH ORDINALITY AS q (user_id, slug, place)
            LEFT JOIN lectern.learner l ON l.id = q.user_id
            LEFT JOIN lectern.preferences p ON p.user_id = l.id
            LEFT JOIN LATERAL (
                SELECT rl.slug, rl.content_hash FROM lectern.book b
                JOIN lectern.release_lesson rl ON rl.release_id = b.active_release AND rl.slug = q.slug
                WHERE \(self.bookSlug as String?)::text IS NULL OR b.slug = \(self.bookSlug as String?)
                ORDER BY b.created_at, b.slug LIMIT 1
            ) r ON true
            LEFT JOIN lectern.personalized_lesson c ON c.user_id = l.id AND c.lesson_slug = r.slug
                AND c.content_hash = r.content_hash AND c.preferences_hash = p.preferences_hash
                AND c.recipe = \(self.recipe)
            ORDER BY q.place
            """
        return try zip(questions, try await self.database.query(statement.repeated)).map { question, row in
            guard try row.decode("is_known", as: Bool.self) else { return nil }
            var standing = Standing(
                preferencesHash: try row.decode("current_preferences", as: String?.self),
                slug: try row.decode("current_slug", as: String?.self),
                contentHash: try row.decode("current_content", as: String?.self))
            if let preferencesHash = standing.preferencesHash, let slug = standing.slug,
                let contentHash = standing.contentHash, try row.decode("state", as: String?.self) != nil
            {
                standing.row = try row.personalizedLesson(
                    PersonalizationKey(
                        userID: question.userID, lessonSlug: slug, contentHash: contentHash,
                        preferencesHash: preferencesHash))
            }
            return standing
        }
    }

    /// The present name of the lesson that had this one before; `nil` where none had.
    func presentSlug(of former: String) async throws -> String? {
        try await self.database.queryOne(
            """
            SELECT rl.slug FROM lectern.book b
            JOIN lectern.former_slug f ON f.book_id = b.id AND f.slug = \(former)
            JOIN lectern.release_lesson rl ON rl.release_id = b.active_release AND rl.lesson_id = f.lesson_id
            WHERE \(self.bookSlug as String?)::text IS NULL OR b.slug = \(self.bookSlug as String?)
            ORDER BY b.created_at, b.slug LIMIT 1
            """
        )?.decode("slug", as: String.self)
    }

    /// What a ready row is put together from.
    struct Pieces: Sendable {
        var sections: [GenerationKey]
        var frame: FrameText
    }

    /// The pieces of a ready row with this very text.
    func pieces(_ key: PersonalizationKey, textHash: String) async throws -> Pieces? {
        let row = try await self.database.queryOne(
            """
            SELECT c.sections, c.opening, c.closing FROM lectern.personalized_lesson c
            WHERE \(sql: Self.matches(key)) AND c.state = 'ready' AND c.text_hash = \(textHash)
            """)
        return try row.map {
            Pieces(
                sections: try $0.decode("sections", as: [String].self).map(GenerationKey.init(hex:)),
                frame: FrameText(opening: try $0.decode("opening"), closing: try $0.decode("closing")))
        }
    }
}

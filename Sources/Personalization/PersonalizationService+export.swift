public import FoundationEssentials
public import Learners
import Postgres

/// What is kept of a learner's personalized lessons, for the learner whose it is.
public struct PersonalizationExport: Encodable, Hashable, Sendable {
    /// One lesson that was asked for.
    public struct Lesson: Encodable, Hashable, Sendable {
        public var lessonSlug: String
        public var contentHash: String
        public var preferencesHash: String
        /// `pending`, `ready` or `failed`.
        public var state: String
        /// The text; `nil` while there is none, and where its sections were cleared away.
        public var text: String?
        public var generator: String?
        public var generatedAt: Date?
        public var createdAt: Date

        enum CodingKeys: String, CodingKey {
            case state, text, generator
            case lessonSlug = "lesson_slug"
            case contentHash = "content_hash"
            case preferencesHash = "preferences_hash"
            case generatedAt = "generated_at"
            case createdAt = "created_at"
        }
    }

    /// One request that was accepted.
    public struct Operation: Encodable, Hashable, Sendable {
        public var id: String
        public var kind: String
        public var lessonSlug: String
        public var createdAt: Date

        enum CodingKeys: String, CodingKey {
            case id, kind
            case lessonSlug = "lesson_slug"
            case createdAt = "created_at"
        }
    }

    /// What the learner thought of a text.
    public struct Opinion: Encodable, Hashable, Sendable {
        public var lessonSlug: String
        public var textHash: String
        public var rating: String
        public var reason: String?
        public var comment: String?
        public var createdAt: Date

        enum CodingKeys: String, CodingKey {
            case rating, reason, comment
            case lessonSlug = "lesson_slug"
            case textHash = "text_hash"
            case createdAt = "created_at"
        }
    }

    public var lessons: [Lesson]
    public var operations: [Operation]
    public var feedback: [Opinion]
}

extension PersonalizationService {
    /// Every row of a learner's.
    public func export(of id: LearnerID) async throws -> PersonalizationExport {
        PersonalizationExport(
            lessons: try await self.store.exportedLessons(of: id),
            operations: try await self.store.exportedOperations(of: id),
            feedback: try await self.store.exportedFeedback(of: id))
    }
}

extension PersonalizedLessonStore {
    /// Lessons with their texts put together; by the key's first column.
    fileprivate func exportedLessons(of id: LearnerID) async throws -> [PersonalizationExport.Lesson] {
        try await self.database.query(
            """
            SELECT c.lesson_slug, c.content_hash, c.preferences_hash, c.state, c.opening, c.closing, c.generator,
                c.generated_at, c.created_at, cardinality(c.sections) AS wanted,
                ARRAY(
                    SELECT g.content FROM unnest(c.sections) WITH ORDINALITY AS s (key, place)
                    JOIN lectern.generation g ON g.key = s.key ORDER BY s.place
                ) AS texts
            FROM lectern.personalized_lesson c WHERE c.user_id = \(id.uuid) ORDER BY c.created_at, c.lesson_slug
            """
        ).map { row in
            let texts = try row.decode("texts", as: [String].self)
            var text: String?
            if let opening: String = try row.decode("opening", as: String?.self),
                let closing: String = try row.decode("closing", as: String?.self),
                try row.decode("wanted", as: Int?.self) == texts.count
            {
                text = LessonFrame.assemble(sections: texts, frame: FrameText(opening: opening, closing: closing))
            }
            return PersonalizationExport.Lesson(
                lessonSlug: try row.decode("lesson_slug"), contentHash: try row.decode("content_hash"),
                preferencesHash: try row.decode("preferences_hash"), state: try row.decode("state"), text: text,
                generator: try row.decode("generator"), generatedAt: try row.decode("generated_at"),
                createdAt: try row.decode("created_at"))
        }
    }

    fileprivate func exportedOperations(of id: LearnerID) async throws -> [PersonalizationExport.Operation] {
        try await self.database.query(
            """
            SELECT id::text, kind, lesson_slug, created_at FROM lectern.operation
            WHERE user_id = \(id.uuid) ORDER BY created_at, id
            """
        ).map { row in
            PersonalizationExport.Operation(
                id: try row.decode("id"), kind: try row.decode("kind"), lessonSlug: try row.decode("lesson_slug"),
                createdAt: try row.decode("created_at"))
        }
    }

    fileprivate func exportedFeedback(of id: LearnerID) async throws -> [PersonalizationExport.Opinion] {
        try await self.database.query(
            """
            SELECT lesson_slug, text_hash, rating, reason, comment, created_at FROM lectern.feedback
            WHERE user_id = \(id.uuid) ORDER BY created_at, lesson_slug, text_hash
            """
        ).map { row in
            PersonalizationExport.Opinion(
                lessonSlug: try row.decode("lesson_slug"), textHash: try row.decode("text_hash"),
                rating: try row.decode("rating"), reason: try row.decode("reason"),
                comment: try row.decode("comment"), createdAt: try row.decode("created_at"))
        }
    }
}

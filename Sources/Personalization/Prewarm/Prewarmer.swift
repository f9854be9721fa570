import JobQueue
public import JobQueuePostgres
import Learners
import PipelineJobs
public import Postgres

/// Has lessons written before anybody asks: those of a release that differ from the release before it, or all, for the
/// slices that learners are in, those of the most recently active learners first.
public struct Prewarmer: Sendable {
    /// Which lessons are meant.
    public enum Scope: Hashable, Sendable {
        /// Lessons of the release whose text the release before it did not have.
        case changes(release: Int64)
        /// Every lesson that readers see.
        case everything
    }

    private let database: PostgresClient
    private let queue: PostgresJobQueue
    private let parts: PersonalizationParts
    private let bookSlug: String?

    /// A prewarmer over the shared client and queue.
    /// - Parameter bookSlug: the book whose lessons are meant; `nil` for the only one there is.
    public init(database: PostgresClient, queue: PostgresJobQueue, parts: PersonalizationParts, bookSlug: String?) {
        self.database = database
        self.queue = queue
        self.parts = parts
        self.bookSlug = bookSlug
    }

    /// What there is to do.
    /// - Parameter budget: the most tokens that may be spent; `nil` without a limit.
    /// - Throws: the database's error, or that of the bucket when a lesson cannot be read.
    public func forecast(_ scope: Scope, budget: Int?) async throws -> PrewarmForecast {
        let lessons = try await self.lessons(scope)
        let slices = try await self.slices()
        var forecast = PrewarmForecast(lessons: lessons.count, slices: slices.count, steps: [], budget: budget)
        var counted: Set<GenerationKey> = []
        // The slice stands outside: whoever was here last gets the whole of what changed first.
        for slice in slices {
            for lesson in lessons {
                let plan = try await self.parts.plans.plan(
                    title: lesson.title, objectKey: lesson.objectKey, contentHash: lesson.contentHash)
                let keys = plan.keys(for: slice, by: self.parts.recipe)
                let known = try await GenerationStore(database: self.database).entries(keys)
                let missing = zip(plan.sections, keys).filter { known[$1] == nil && counted.insert($1).inserted }
                guard !missing.isEmpty else { continue }
                forecast.steps.append(
                    PrewarmForecast.Step(
                        lessonSlug: lesson.slug, contentHash: lesson.contentHash, slice: slice.text,
                        sections: missing.count, tokens: missing.reduce(0) { $0 + self.tokens(for: $1.0) }))
            }
        }
        return forecast
    }

    /// Asks for what the forecast's budget has room for, in the bulk lane. Nobody waits for it.
    /// - Returns: how many jobs there are now for it, those included that were under way.
    public func enqueue(_ forecast: PrewarmForecast, actor: String) async throws -> Int {
        let jobs = forecast.affordable.map {
            PersonalizeLesson(
                lessonSlug: $0.lessonSlug, contentHash: $0.contentHash, slice: $0.slice,
                recipe: self.parts.recipe.fingerprint, isPrewarm: true)
        }
        guard !jobs.isEmpty else { return 0 }
        return try await self.queue.withTransaction { transaction in
            try await transaction.enqueue(all: jobs, options: EnqueueOptions(lane: .bulk, actor: actor)).count
        }
    }

    /// The question's frame, the section itself, and an answer of about its length.
    private func tokens(for section: SectionSource) -> Int {
        guard self.parts.recipe != self.parts.embedded.recipe, section.facts.hasProse else { return 0 }
        return 700 + 2 * (section.markdown.count + 2) / 3
    }

    private struct Lesson {
        var slug: String
        var contentHash: String
        var title: String
        var objectKey: String
    }

    private func lessons(_ scope: Scope) async throws -> [Lesson] {
        let changes: SQL =
            switch scope {
            case .everything: "true"
            case .changes(let release):
                """
                r.id = \(release) AND EXISTS (
                    SELECT FROM lectern.release o
                    WHERE o.book_id = b.id AND o.state = 'superseded' AND o.id < r.id)
                  AND NOT EXISTS (
                    SELECT FROM lectern.release_lesson o WHERE o.lesson_id = l.lesson_id
                      AND o.content_hash = l.content_hash AND o.title = l.title AND o.release_id = (
                        SELECT max(x.id) FROM lectern.release x
                        WHERE x.book_id = b.id AND x.state = 'superseded' AND x.id < r.id))
                """
            }
        return try await self.database.query(
            """
            SELECT l.slug, l.content_hash, l.title, l.object_key FROM lectern.book b
            JOIN lectern.release r ON r.id = b.active_release
            JOIN lectern.release_lesson l ON l.release_id = r.id
            WHERE (\(self.bookSlug as String?)::text IS NULL OR b.slug = \(self.bookSlug as String?))
              AND \(sql: changes)
            ORDER BY l.position
            """
        ).map {
            Lesson(
                slug: try $0.decode("slug"), contentHash: try $0.decode("content_hash"),
                title: try $0.decode("title"), objectKey: try $0.decode("object_key"))
        }
    }

    /// The slices that learners are in, that of whoever was active last first.
    private func slices() async throws -> [ProfileSlice] {
        let rows = try await self.database.query(
            """
            SELECT p.education_level, p.programming_experience, p.robotics_background, p.ai_ml_experience,
                p.learning_goals, p.preferred_language
            FROM lectern.preferences p
            LEFT JOIN LATERAL (
                SELECT max(o.created_at) AS at FROM lectern.operation o WHERE o.user_id = p.user_id
            ) a ON true
            ORDER BY greatest(p.updated_at, a.at) DESC, p.user_id
            """)
        var slices: [ProfileSlice] = []
        for row in rows {
            let slice = ProfileSlice(try row.profile())
            if !slices.contains(slice) { slices.append(slice) }
        }
        return slices
    }
}

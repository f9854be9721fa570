public import FoundationEssentials
public import Learners
import Postgres

/// One lesson's progress, whole, for the learner whose it is.
public struct ProgressEntry: Encodable, Hashable, Sendable {
    /// The slug that the lesson was made under.
    public var lessonSlug: String
    public var state: String
    public var startedAt: Date
    public var completedAt: Date?
    public var lastAt: Date
    public var timeSpentSeconds: Int
    public var contentHash: String?
    public var reviews: Int
    public var reviewedAt: Date?
    public var stabilityDays: Double?

    enum CodingKeys: String, CodingKey {
        case state, reviews
        case lessonSlug = "lesson_slug"
        case startedAt = "started_at"
        case completedAt = "completed_at"
        case lastAt = "last_at"
        case timeSpentSeconds = "time_spent_seconds"
        case contentHash = "content_hash"
        case reviewedAt = "reviewed_at"
        case stabilityDays = "stability_days"
    }
}

/// How often a lesson was recommended to a learner who did not open it.
public struct ShownEntry: Encodable, Hashable, Sendable {
    public var lessonSlug: String
    public var shown: Int
    public var lastAt: Date

    enum CodingKeys: String, CodingKey {
        case shown
        case lessonSlug = "lesson_slug"
        case lastAt = "last_at"
    }
}

extension ProgressStore {
    /// Every row of a learner's, of lessons that are no longer published too.
    public func entries(of id: LearnerID) async throws -> [ProgressEntry] {
        try await self.database.query(
            """
            SELECT l.slug, g.state, g.started_at, g.completed_at, g.last_at, g.time_spent_seconds, g.content_hash,
                g.reviews, g.reviewed_at, g.stability_days
            FROM lectern.lesson_progress g JOIN lectern.lesson l ON l.id = g.lesson_id
            WHERE g.user_id = \(id.uuid) ORDER BY g.started_at, l.slug
            """
        ).map { row in
            ProgressEntry(
                lessonSlug: try row.decode("slug"), state: try row.decode("state"),
                startedAt: try row.decode("started_at"), completedAt: try row.decode("completed_at"),
                lastAt: try row.decode("last_at"), timeSpentSeconds: try row.decode("time_spent_seconds"),
                contentHash: try row.decode("content_hash"), reviews: try row.decode("reviews"),
                reviewedAt: try row.decode("reviewed_at"), stabilityDays: try row.decode("stability_days"))
        }
    }

    /// Which lessons were recommended to a learner and not opened.
    public func shownEntries(of id: LearnerID) async throws -> [ShownEntry] {
        try await self.database.query(
            """
            SELECT l.slug, s.shown, s.last_at
            FROM lectern.recommendation_shown s JOIN lectern.lesson l ON l.id = s.lesson_id
            WHERE s.user_id = \(id.uuid) ORDER BY l.slug
            """
        ).map { row in
            ShownEntry(
                lessonSlug: try row.decode("slug"), shown: try row.decode("shown"),
                lastAt: try row.decode("last_at"))
        }
    }
}

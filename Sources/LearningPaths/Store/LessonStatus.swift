import FoundationEssentials

/// One lesson's progress as callers see it.
public struct LessonStatus: Hashable, Sendable {
    /// `nil` for a lesson that was never started.
    public var progress: LessonProgress?
    /// The lesson's present slug.
    public var slug: String

    /// `not_started`, `in_progress` or `completed`.
    public var status: String { self.progress?.state.rawValue ?? "not_started" }
}

extension LessonStatus: Encodable {
    enum CodingKeys: String, CodingKey {
        case status, reviews
        case slug = "lesson_slug"
        case startedAt = "started_at"
        case completedAt = "completed_at"
        case seconds = "time_spent_seconds"
        case lastAt = "last_at"
    }

    /// Writes every member; times that are not known are null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.slug, forKey: .slug)
        try container.encode(self.status, forKey: .status)
        try container.encode(self.progress?.startedAt, forKey: .startedAt)
        try container.encode(self.progress?.completedAt, forKey: .completedAt)
        try container.encode(self.progress?.lastAt, forKey: .lastAt)
        try container.encode(self.progress?.seconds ?? 0, forKey: .seconds)
        try container.encode(self.progress?.reviews ?? 0, forKey: .reviews)
    }
}

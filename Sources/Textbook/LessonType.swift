/// What a lesson is for, as `type` in its front matter says.
public enum LessonType: String, Codable, Sendable, Hashable, CaseIterable {
    /// Text to read: the default.
    case lesson
    /// Hands-on work, open once the chapter's lessons are read.
    case lab
    /// A look back at a chapter or part.
    case summary
    /// A landing page; it never stands in a learner's way.
    case index
}

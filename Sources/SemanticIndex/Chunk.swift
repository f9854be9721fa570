public import ContentHashing

/// A piece of a lesson that is found and shown as one search result.
public struct Chunk: Hashable, Sendable {
    /// The place within the lesson, from 0.
    public var index: Int
    /// The nearest heading above, or the lesson's title.
    public var sectionTitle: String
    /// The headings above as plain text, outermost first, without the lesson's own title. A chunk of several sections
    /// has what their headings share.
    public var headingPath: [String]
    /// What the section is for.
    public var role: ChunkRole
    /// The Markdown as the author wrote it: what is shown.
    public var body: String
    /// What is embedded: the way from the part down to the section, and the body without link targets and comments.
    public var embedText: String
    /// The body's size by ``ChunkerTokens``.
    public var tokens: Int
    /// The line the chunk begins at in the lesson's file, from 1.
    public var firstLine: Int
    /// XXH3-128 over body and heading path. It does not depend on the place, so a chunk that moves keeps it.
    public var hash: ContentHash
    /// 1, or more for a chunk whose hash stood earlier in the same lesson.
    public var occurrence: Int
}

/// What a section of a textbook is for; sections that every lesson has alike say little about what a lesson teaches.
public enum ChunkRole: String, Codable, Sendable, Hashable, CaseIterable {
    case content, objectives, practice, reflection, summary

    init(title: String?) {
        guard let title = title?.lowercased() else {
            self = .content
            return
        }
        let roles: [(ChunkRole, [String])] = [
            (.objectives, ["learning objectives", "what you will learn", "objectives", "learning goals"]),
            (.reflection, ["reflection", "check your understanding", "review questions", "questions"]),
            (.practice, ["try with ai", "try it", "exercise", "practice", "hands-on"]),
            (.summary, ["summary", "key takeaways", "recap", "in short"]),
        ]
        self = roles.first { $0.1.contains { title.hasPrefix($0) } }?.0 ?? .content
    }
}

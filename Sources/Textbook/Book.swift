/// A textbook as its folder tells it: parts, chapters and lessons in reading order.
public struct Book: Codable, Sendable, Hashable {
    /// The name in object keys and addresses: one path segment.
    public var slug: String
    /// The title readers see.
    public var title: String
    /// The language the lessons are written in, a BCP 47 tag.
    public var language: String
    /// The parts by number.
    public var parts: [Part]

    /// A book from its fields.
    public init(slug: String, title: String, language: String, parts: [Part]) {
        self.slug = slug
        self.title = title
        self.language = language
        self.parts = parts
    }

    /// Every chapter in reading order.
    public var chapters: [Chapter] {
        self.parts.flatMap(\.chapters)
    }

    /// Every lesson in reading order.
    public var lessons: [Lesson] {
        self.parts.flatMap { $0.chapters.flatMap(\.lessons) }
    }
}

import MCP

/// The names under which a vector's metadata stands in the vector server.
///
/// A chapter has no identity of its own beside its number in the book, so `chapter_id` is `ch01`, `ch02` … and
/// `part_id` is `part01`, `part02` …; when a chapter is renumbered, its lessons' vectors are labelled anew.
enum VectorMetadata {
    static let lessonID = "lesson_id"
    static let lessonSlug = "lesson_slug"
    static let lessonType = "lesson_type"
    static let chapterID = "chapter_id"
    static let partID = "part_id"
    static let bookSlug = "book_slug"
    static let chunkIndex = "chunk_index"
    static let sectionTitle = "section_title"
    static let contentHash = "content_hash"
    static let model = "model"

    static func chapterID(_ number: Int) -> JSONValue { .string("ch" + self.twoDigits(number)) }
    static func partID(_ number: Int) -> JSONValue { .string("part" + self.twoDigits(number)) }

    private static func twoDigits(_ number: Int) -> String {
        (0...9).contains(number) ? "0\(number)" : "\(number)"
    }
}

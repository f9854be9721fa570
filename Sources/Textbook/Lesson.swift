public import ContentHashing

/// One lesson: a Markdown file and what its front matter says about it.
public struct Lesson: Codable, Sendable, Hashable {
    /// The place within its chapter, from 1.
    public var number: Int
    /// The title readers see.
    public var title: String
    /// The name in addresses, unique within the book; it may hold slashes.
    public var slug: String
    /// What the lesson is for.
    public var type: LessonType
    /// The hash of the file's exact bytes, front matter and line endings included, as they stand in the bucket:
    /// whoever has the object can check it without knowing any rule of normalisation.
    public var contentHash: ContentHash
    /// SHA-256 of the same bytes, 64 hex digits: the name of the immutable blob.
    public var sha256: String
    /// The readable object key, an alias that follows the lesson when it moves.
    public var bucketPath: String
    /// The order in a table of contents, as front matter gives it, else the number.
    public var sidebarPosition: Int
    /// Minutes of reading or work, from front matter or from the number of words.
    public var estimatedMinutes: Int
    /// Learning goals that the front matter names, sorted, each once; empty where it names none.
    public var goals: [String]
    /// The size of the file.
    public var sizeBytes: Int
    /// The file's path relative to the book's root, with `/` as separator.
    public var sourcePath: String

    /// A lesson from its fields.
    public init(
        number: Int, title: String, slug: String, type: LessonType, contentHash: ContentHash, sha256: String,
        bucketPath: String, sidebarPosition: Int, estimatedMinutes: Int, goals: [String] = [], sizeBytes: Int,
        sourcePath: String
    ) {
        self.number = number
        self.title = title
        self.slug = slug
        self.type = type
        self.contentHash = contentHash
        self.sha256 = sha256
        self.bucketPath = bucketPath
        self.sidebarPosition = sidebarPosition
        self.estimatedMinutes = estimatedMinutes
        self.goals = Array(Set(goals)).sorted()
        self.sizeBytes = sizeBytes
        self.sourcePath = sourcePath
    }

    enum CodingKeys: String, CodingKey {
        case number, title, slug, type, goals, sha256
        case contentHash = "content_hash"
        case bucketPath = "bucket_path"
        case sidebarPosition = "sidebar_position"
        case estimatedMinutes = "estimated_minutes"
        case sizeBytes = "size_bytes"
        case sourcePath = "source_path"
    }
}

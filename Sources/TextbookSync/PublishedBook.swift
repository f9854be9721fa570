/// The whole published book: parts, chapters and lessons in reading order. In JSON, the answer of `/content/book`.
public struct PublishedBook: Encodable, Sendable, Hashable {
    /// A UUID.
    public var id: String
    public var slug: String
    public var title: String
    public var language: String
    /// Which state of the book this is; it changes with every publication.
    public var releaseID: Int64
    /// What the author calls this state.
    public var revision: String?
    /// RFC 3339, UTC.
    public var publishedAt: String
    public var parts: [PublishedPart]
    /// Whether every lesson has its vectors. From then on nothing of a release changes any more. Not part of the JSON form.
    public var isIndexed = true

    /// Every lesson in reading order.
    public var lessons: [PublishedLesson] {
        self.parts.flatMap { $0.chapters.flatMap(\.lessons) }
    }

    enum CodingKeys: String, CodingKey {
        case id, slug, title, language, revision, parts
        case releaseID = "release_id"
        case publishedAt = "published_at"
    }
}

/// A part of the published book.
public struct PublishedPart: Encodable, Sendable, Hashable {
    public var bookSlug: String
    public var number: Int
    public var title: String
    /// `L1` to `L5`, or a range such as `L2-L3`.
    public var layer: String
    /// `A2` to `C2`.
    public var tier: String
    public var folderName: String
    public var weekStart: Int?
    public var weekEnd: Int?
    public var chapters: [PublishedChapter]

    enum CodingKeys: String, CodingKey {
        case number, title, layer, tier, chapters
        case bookSlug = "book_slug"
        case folderName = "folder_name"
        case weekStart = "week_start"
        case weekEnd = "week_end"
    }
}

/// A chapter of the published book.
public struct PublishedChapter: Encodable, Sendable, Hashable {
    public var bookSlug: String
    public var partNumber: Int
    /// Counted through the whole book.
    public var number: Int
    /// Counted within the part.
    public var localNumber: Int
    public var title: String
    public var folderName: String
    /// Numbers of the chapters to finish first.
    public var prerequisites: [Int]
    public var transitionCheck: String?
    public var lessons: [PublishedLesson]

    enum CodingKeys: String, CodingKey {
        case number, title, prerequisites, lessons
        case bookSlug = "book_slug"
        case partNumber = "part_number"
        case localNumber = "local_number"
        case folderName = "folder_name"
        case transitionCheck = "transition_check"
    }
}

/// A lesson of the published book, without its text.
public struct PublishedLesson: Encodable, Sendable, Hashable {
    /// A UUID that outlives releases.
    public var id: String
    public var bookSlug: String
    public var partNumber: Int
    public var chapterNumber: Int
    public var number: Int
    public var title: String
    public var slug: String
    /// `lesson`, `lab`, `summary` or `index`.
    public var type: String
    /// XXH3-128 of the text, 32 hex digits.
    public var contentHash: String
    /// The readable alias of the text in the bucket.
    public var bucketPath: String
    /// The vectors of the text's chunks in their order; empty until the text is indexed.
    public var vectorIDs: [String]
    public var sidebarPosition: Int
    public var estimatedMinutes: Int
    /// Learning goals that the front matter names. Not part of the JSON form: they speak through recommendations.
    public var goals: [String] = []
    public var sizeBytes: Int
    /// Where ``LessonBodies`` finds the text. Not part of the JSON form: it is the server's own affair.
    public var objectKey: String

    enum CodingKeys: String, CodingKey {
        case id, number, title, slug, type
        case bookSlug = "book_slug"
        case partNumber = "part_number"
        case chapterNumber = "chapter_number"
        case contentHash = "content_hash"
        case bucketPath = "bucket_path"
        case vectorIDs = "vector_ids"
        case sidebarPosition = "sidebar_position"
        case estimatedMinutes = "estimated_minutes"
        case sizeBytes = "size_bytes"
    }
}

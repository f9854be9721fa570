public import Textbook

/// Which lessons a search looks at; what is not said does not matter.
public struct SearchFilters: Codable, Sendable, Hashable {
    /// A part's number.
    public var part: Int?
    /// A chapter's number in the book.
    public var chapter: Int?
    public var type: LessonType?
    public var lessonSlug: String?

    public init(part: Int? = nil, chapter: Int? = nil, type: LessonType? = nil, lessonSlug: String? = nil) {
        self.part = part
        self.chapter = chapter
        self.type = type
        self.lessonSlug = lessonSlug
    }

    enum CodingKeys: String, CodingKey {
        case part, chapter, type
        case lessonSlug = "lesson_slug"
    }
}

/// One chunk that answers a search.
public struct SearchResult: Encodable, Sendable, Hashable {
    public var lessonSlug: String
    public var lessonTitle: String
    public var sectionTitle: String
    /// The id of the section's heading in the lesson's page; `nil` where the chunk stands above all headings.
    public var sectionAnchor: String?
    /// The chunk's place in its lesson, from 0.
    public var chunkIndex: Int
    /// The chunk as the author wrote it, Markdown.
    public var text: String
    /// Pieces of ``SearchResult/text`` with the query's words; none where only the meaning is alike.
    public var highlights: [SearchHighlight] = []
    /// From 0 to 1, the higher the better. Scores of different searches cannot be compared.
    public var score: Double

    enum CodingKeys: String, CodingKey {
        case text, highlights, score
        case lessonSlug = "lesson_slug"
        case lessonTitle = "lesson_title"
        case sectionTitle = "section_title"
        case sectionAnchor = "section_anchor"
        case chunkIndex = "chunk_index"
    }
}

/// The answer to a search.
public struct SearchAnswer: Encodable, Sendable, Hashable {
    /// The best first.
    public var results: [SearchResult]
    /// True while lessons of the published book wait to be indexed: more may be found later.
    public var indexing: Bool
    /// How many lessons wait.
    public var pendingLessons: Int
    /// True when only the query's words were compared, not its meaning: the vectors could not be asked, or not all of
    /// them are there.
    public var degraded = false
    /// The query with words of the book in the place of words that the book does not have.
    public var didYouMean: String?

    enum CodingKeys: String, CodingKey {
        case results, indexing, degraded
        case pendingLessons = "pending_lessons"
        case didYouMean = "did_you_mean"
    }
}

/// What must be changed about a search before it can be answered.
public struct SearchError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        case emptyQuery = "empty_query"
        /// The query exceeds ``SearchService/maximumQueryCharacters``.
        case queryTooLong = "query_too_long"
        /// The limit is not in ``SearchService/limits``.
        case invalidLimit = "invalid_limit"
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}

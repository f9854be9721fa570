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
    public var sectionTitle: String
    /// The chunk's place in its lesson, from 0.
    public var chunkIndex: Int
    /// The chunk as the author wrote it, Markdown.
    public var text: String
    /// Cosine similarity; higher is better.
    public var score: Double

    enum CodingKeys: String, CodingKey {
        case text, score
        case lessonSlug = "lesson_slug"
        case sectionTitle = "section_title"
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

    enum CodingKeys: String, CodingKey {
        case results, indexing
        case pendingLessons = "pending_lessons"
    }
}

/// Why a search has no answer.
public struct SearchError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        case emptyQuery = "empty_query"
        /// The query exceeds ``SearchService/maximumQueryCharacters``.
        case queryTooLong = "query_too_long"
        /// The limit is not in ``SearchService/limits``.
        case invalidLimit = "invalid_limit"
        /// The vector server or the embedding model does not answer; the same search may succeed later.
        case unavailable = "search_unavailable"
        /// The vector server answers, but has lost what the database knows it was given.
        case indexLost = "index_lost"
    }

    public let code: Code
    public let message: String
    public let underlying: (any Error)?

    /// True when the caller must change the search, false when the caller can only wait.
    public var isCallersFault: Bool {
        switch self.code {
        case .emptyQuery, .queryTooLong, .invalidLimit: true
        case .unavailable, .indexLost: false
        }
    }

    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}

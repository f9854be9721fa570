import SemanticIndex
import TextbookSync

/// What the search page shows: the form, and what was found, by lesson.
struct SearchPage {
    struct Lesson {
        let title: String
        let address: String
        let chapter: String?
        let sections: [Section]
    }

    struct Section {
        let heading: String
        let address: String
        let snippet: [SearchSnippet.Piece]
    }

    /// A better spelling.
    struct Suggestion {
        let query: String
        let address: String
    }

    let query: String
    /// What must be changed about the query.
    let error: String?
    /// Nobody could be asked.
    var isAway = false
    var retryAddress = "/search"
    /// Nothing was asked yet.
    let isBlank: Bool
    let isEmpty: Bool
    let summary: String?
    let lessons: [Lesson]
    let language: String
    /// Only words were compared, not what they mean.
    let isDegraded: Bool
    /// How many lessons cannot be found yet.
    let pending: String?
    let suggestion: Suggestion?

    /// A page without an answer.
    init(query: String, error: String?) {
        self.query = query
        self.error = error
        self.isBlank = query.isEmpty && error == nil
        self.isEmpty = false
        self.summary = nil
        self.lessons = []
        self.language = "en"
        self.isDegraded = false
        self.pending = nil
        self.suggestion = nil
    }

    /// - Parameter book: tells which chapter a lesson belongs to.
    init(query: String, _ answer: SearchAnswer, _ book: PublishedBook?, _ request: PageRequest, _ site: Site) {
        self.query = query
        self.error = nil
        self.isBlank = false
        self.isEmpty = answer.results.isEmpty
        self.lessons = Self.lessons(answer.results, book)
        self.summary =
            answer.results.isEmpty
            ? nil
            : site.text(
                "search_found", request,
                ["sections": String(answer.results.count), "lessons": String(self.lessons.count)])
        self.language = book?.language ?? "en"
        self.isDegraded = answer.degraded && !answer.results.isEmpty
        self.pending =
            answer.indexing
            ? site.text("search_indexing", request, ["lessons": String(answer.pendingLessons)]) : nil
        self.suggestion = answer.didYouMean.map { Suggestion(query: $0, address: Self.address(of: $0)) }
    }

    /// Lessons in the order of their best sections.
    private static func lessons(_ results: [SearchResult], _ book: PublishedBook?) -> [Lesson] {
        var order: [String] = []
        var sections: [String: [SearchResult]] = [:]
        for result in results {
            if sections[result.lessonSlug] == nil { order.append(result.lessonSlug) }
            sections[result.lessonSlug, default: []].append(result)
        }
        let chapters = book?.parts.flatMap(\.chapters) ?? []
        return order.map { slug in
            let found = sections[slug] ?? []
            return Lesson(
                title: found.first?.lessonTitle ?? slug, address: LessonLink.address(of: slug),
                chapter: chapters.first { chapter in chapter.lessons.contains { $0.slug == slug } }?.title,
                sections: found.map(Self.section))
        }
    }

    private static func section(_ result: SearchResult) -> Section {
        Section(
            heading: result.sectionTitle.isEmpty ? result.lessonTitle : result.sectionTitle,
            address: LessonLink.address(of: result.lessonSlug, section: result.sectionAnchor),
            snippet: SearchSnippet.pieces(of: result))
    }

    static func address(of query: String) -> String {
        "/search?q=" + LessonLink.encoded(query)
    }
}

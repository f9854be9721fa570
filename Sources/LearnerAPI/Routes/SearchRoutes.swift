import Hummingbird
import SemanticIndex
import Textbook

/// Search over the published book.
struct SearchRoutes: Sendable {
    private let search: SearchService

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.search = dependencies.search
    }

    var routes: [Route] {
        [Route(.post, "search", self.find)]
    }

    private func find(_ request: APIRequest) async throws -> Response {
        var reader = BodyReader(try await request.object())
        let query = reader.string("query", isRequired: true)
        let limit = reader.integer("limit", in: SearchService.limits)
        let filters = reader.object("filters") { filters in
            SearchFilters(
                part: filters.integer("part", in: 1...9_999), chapter: filters.integer("chapter", in: 1...9_999),
                type: filters.word("type", as: LessonType.self), lessonSlug: filters.slug("lesson_slug")?.text)
        }
        try reader.finish()
        let answer = try await self.search.search(
            query ?? "", limit: limit ?? 10, filters: filters ?? SearchFilters())
        return try JSONResponse.make(answer)
    }
}

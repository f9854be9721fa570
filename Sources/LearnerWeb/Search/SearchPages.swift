import HTTPTypes
import Hummingbird
import Logging
import SemanticIndex
import TextbookSync

/// The search. Its form sends GET, so that a search has an address.
struct SearchPages: Sendable {
    /// How many sections are shown.
    private static let limit = 20

    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    var pages: [Page] { [Page("search", get: self.search)] }

    private func search(_ request: PageRequest) async throws -> Response {
        // A form writes blanks as plus signs, which only `Form` reads so.
        let sent = Form(Array((request.request.uri.query ?? "").utf8))
        guard let query = sent?["q"] else {
            let isBroken = request.request.uri.query?.contains("q=") ?? false
            return try self.answer(
                request, SearchPage(query: "", error: isBroken ? self.error(.emptyQuery, request) : nil),
                status: isBroken ? .unprocessableContent : .ok)
        }
        do {
            let answer = try await self.site.dependencies.search.search(query, limit: Self.limit)
            let book = try await self.site.books.book()?.book
            return try self.answer(request, SearchPage(query: query, answer, book, request, self.site))
        } catch let error as SearchError {
            // A query of a megabyte is not sent back.
            let shown = error.code == .queryTooLong ? "" : query
            return try self.answer(
                request, SearchPage(query: shown, error: self.error(error.code, request)),
                status: .unprocessableContent)
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("search without an answer", metadata: ["cause": "\(error)"])
            var page = SearchPage(query: query, error: nil)
            page.isAway = true
            page.retryAddress = SearchPage.address(of: query)
            return try self.answer(request, page, status: .serviceUnavailable)
        }
    }

    private func error(_ code: SearchError.Code, _ request: PageRequest) -> String {
        switch code {
        case .queryTooLong:
            self.site.text(
                "search_too_long", request, ["characters": String(SearchService.maximumQueryCharacters)])
        case .emptyQuery, .invalidLimit: self.site.text("search_empty_query", request)
        }
    }

    private func answer(
        _ request: PageRequest, _ page: SearchPage, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let name = self.site.text("frame_search", request)
        var content = PageContent(
            "search", title: page.query.isEmpty ? name : "\(page.query) · \(name)", page, place: .search)
        content.stylesheets = ["search.css"]
        return try self.site.page(request, content, status: status)
    }
}

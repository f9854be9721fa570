import Hummingbird
import TextbookSync

/// The table of contents.
struct BookPages: Sendable {
    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    var pages: [Page] { [Page("book", get: self.contents)] }

    private func contents(_ request: PageRequest) async throws -> Response {
        guard let found = try await self.site.books.book() else { throw HTTPError(.notFound) }
        return try self.site.page(
            request, PageContent("book", title: found.book.title, ContentsPage(found.book), place: .book))
    }
}

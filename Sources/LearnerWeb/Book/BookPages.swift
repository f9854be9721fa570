import Hummingbird
import LearningPaths
import Logging
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
        var notices: [PageFrame.Notice] = []
        var account: ProgressStore.Account?
        do {
            account = try await self.account(request)
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("contents without progress", metadata: ["cause": "\(error)"])
            notices.append(.init(.warning, self.site.text("book_progress_away", request)))
        }
        // The frame tells learners by itself that the database is away.
        if !found.isCurrent, !request.visitor.isDatabaseAway {
            notices.append(.init(.warning, self.site.text("book_not_current", request)))
        }
        let page = BookPage(found.book, account, BookWords(site: self.site, language: request.language))
        var content = PageContent("book", title: self.site.text("frame_book", request), page, place: .book)
        content.notices = notices
        content.stylesheets = ["book.css"]
        return try self.site.page(request, content)
    }

    /// Where the visitor stands; `nil` for somebody who has no account.
    private func account(_ request: PageRequest) async throws -> ProgressStore.Account? {
        guard let id = request.visitor.id, request.visitor.hasAccount else { return nil }
        do {
            return try await self.site.dependencies.progress.account(of: id)
        } catch let error as PathError where error.code == .unknownLearner {
            return nil
        }
    }
}

import HTTPTypes
import Hummingbird
import Learners
import LearningPaths
import Logging
import TextbookSync

/// The first page: for learners where they stand and what comes next, for everybody else what this is.
struct HomePages: Sendable {
    /// How many recommendations are shown.
    private static let limit = 5

    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    var pages: [Page] { [Page("/", get: self.home)] }

    private func home(_ request: PageRequest) async throws -> Response {
        let notices = self.notices(request)
        guard let id = request.visitor.id, request.visitor.hasAccount else {
            return try await self.start(request, notices: notices)
        }
        do {
            let account = try await self.site.dependencies.progress.account(of: id)
            return try self.answer(request, HomePage(account, request, self.site, limit: Self.limit), notices)
        } catch let error as PathError where error.code == .unknownLearner {
            return try await self.start(request, notices: notices)
        } catch let error as CatalogError where error.code == .notFound {
            let page = HomePage(message: self.site.text("home_nothing_published", request), request)
            return try self.answer(request, page, notices)
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("home without progress", metadata: ["cause": "\(error)"])
            let page = HomePage(message: self.site.text("home_progress_away", request), request, mayRetry: true)
            return try self.answer(request, page, notices)
        }
    }

    private func answer(
        _ request: PageRequest, _ page: HomePage, _ notices: [PageFrame.Notice]
    ) throws -> Response {
        var content = PageContent("home", title: self.site.text("frame_home", request), page, place: .home)
        content.notices = notices
        content.stylesheets = ["home.css"]
        content.scripts = page.hasRecommendations ? ["home.js"] : []
        return try self.site.page(request, content)
    }

    private func start(_ request: PageRequest, notices: [PageFrame.Notice]) async throws -> Response {
        var notices = notices
        var book: PublishedBook?
        do {
            book = try await self.site.books.book()?.book
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("start page without a book", metadata: ["cause": "\(error)"])
            if !request.visitor.isDatabaseAway {
                notices.append(.init(.warning, self.site.text("frame_database_away", request)))
            }
        }
        let page = StartPage(book, signsIn: self.site.dependencies.signIn != nil, mayRetry: book == nil)
        var content = PageContent("start", title: self.site.text("start_title", request), page, place: .home)
        content.notices = notices
        content.stylesheets = ["home.css"]
        return try self.site.page(request, content)
    }

    /// What a form that led here has done.
    private func notices(_ request: PageRequest) -> [PageFrame.Notice] {
        switch request.query("done") {
        case "onboarding" where request.visitor.isOnboarded:
            [.init(.done, self.site.text("home_onboarding_done", request))]
        case "forgotten" where request.visitor.id == nil:
            [.init(.done, self.site.text("home_forgotten", request))]
        case "deleted" where request.visitor.id == nil:
            [.init(.done, self.site.text("home_deleted", request))]
        default: []
        }
    }
}

/// What somebody unknown sees.
struct StartPage {
    let bookTitle: String?
    let language: String?
    let lessons: Int
    let hasLessons: Bool
    let first: LessonLink?
    /// Learners sign in here.
    let signsIn: Bool
    /// There is nothing to show of the book: asking again may help.
    let mayRetry: Bool

    init(_ book: PublishedBook?, signsIn: Bool, mayRetry: Bool) {
        let lessons = book?.lessons ?? []
        self.bookTitle = book?.title
        self.language = book?.language
        self.lessons = lessons.count
        self.hasLessons = !lessons.isEmpty
        self.first = lessons.first.map(LessonLink.init)
        self.signsIn = signsIn
        self.mayRetry = mayRetry
    }
}

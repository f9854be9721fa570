import Foundation
import HTTPTypes
import Hummingbird
import Learners
import LearningPaths
import Logging
import Textbook
import TextbookSync

/// The lessons: the author's text, the learner's own, and how they differ.
struct LessonPages: Sendable {
    let site: Site
    let renderers: LessonRenderers
    private let texts = RenderedTexts()

    init(_ site: Site) {
        self.site = site
        self.renderers = LessonRenderers(site.strings)
    }

    var pages: [Page] { [Page("lessons/**", get: self.show, post: self.act)] }

    private func show(_ request: PageRequest) async throws -> Response {
        switch try await self.find(request) {
        case .moved(let response): return response
        case .lesson(let found, let isCurrent):
            let view = request.query("view").flatMap(LessonView.init)
            if view == nil, isCurrent, request.isNewcomer {
                var response = self.site.seeOther(Self.onboarding(then: LessonLink(found.lesson).address))
                response.rememberAsked(request.request)
                return response
            }
            return try await self.page(request, found, view ?? .original)
        }
    }

    /// The page in one of its views.
    func page(_ request: PageRequest, _ found: LessonInBook, _ view: LessonView) async throws -> Response {
        switch view {
        case .original: return try await self.answer(request, found, try await self.original(found))
        case .personalized:
            let reading = try await self.reading(of: found.lesson.slug, request)
            return try await self.answer(request, found, self.content(of: reading, found, request), reading.status)
        case .changes:
            let content = try await self.changes(found, request)
            return try await self.answer(request, found, content.content, content.status)
        }
    }

    private func original(_ found: LessonInBook) async throws -> LessonContent {
        let language = found.book.language
        let markdown = Self.withoutFrontMatter(try await self.site.dependencies.bodies.body(of: found.lesson))
        return LessonContent(
            view: .original,
            text: try self.rendered(markdown, under: "\(language) \(found.lesson.contentHash)", language),
            language: language)
    }

    /// A text as HTML, rendered once for as long as it is remembered.
    func rendered(_ markdown: String, under key: String, _ language: String) throws -> RenderedText {
        try self.texts.text(key) { try RenderedText(markdown, by: self.renderers.renderer(for: language)) }
    }

    /// Puts the page together around its content.
    func answer(
        _ request: PageRequest, _ found: LessonInBook, _ content: LessonContent,
        _ status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let progress = try await self.progress(request, found.lesson.slug)
        let model = LessonPage(found, content, progress, request, self.site)
        var page = PageContent("lesson", title: found.lesson.title, model, place: .book)
        page.stylesheets = ["lesson.css"] + content.stylesheets
        page.scripts = ["lesson.js"] + (content.panel.waiting == nil ? [] : ["waiting.js"])
        page.refreshAfter = content.refreshAfter
        var response = try self.site.page(request, page, status: status)
        if status == .serviceUnavailable { response.headers[.retryAfter] = "5" }
        return response
    }

    /// How far the learner came. Opening the page in a browser begins the lesson; looking at it any other way does not.
    private func progress(_ request: PageRequest, _ slug: String) async throws -> LessonStatus? {
        guard let learner = request.visitor.id, request.visitor.hasAccount else { return nil }
        let store = self.site.dependencies.progress
        do {
            return try await request.isVisit
                ? store.start(learner, slug: slug) : store.status(of: learner, slug: slug)
        } catch let error as CancellationError {
            throw error
        } catch {
            // The lesson is readable without it.
            request.logger.warning("progress not recorded", metadata: ["cause": "\(error)"])
            return nil
        }
    }

    /// The text that a reader sees.
    static func withoutFrontMatter(_ text: String) -> String {
        guard let first = BlockScanner.scan(text).first, first.kind == .frontMatter else { return text }
        return String(decoding: text.utf8.dropFirst(first.range.upperBound), as: UTF8.self)
    }

    /// The questions, and after them this address.
    static func onboarding(then address: String) -> String {
        "/onboarding?next=\(LessonLink.encoded(address))"
    }
}

extension LessonPages {
    /// A lesson, or where it is now.
    enum Found {
        case lesson(LessonInBook, isCurrent: Bool)
        case moved(Response)
    }

    /// The lesson that the path names.
    /// - Throws: `HTTPError` where there is none.
    func find(_ request: PageRequest) async throws -> Found {
        guard let slug = String(request.request.uri.path.dropFirst("/lessons/".count)).removingPercentEncoding,
            let shelf = try await self.site.books.book()
        else { throw HTTPError(.notFound) }
        if let found = LessonInBook(slug, in: shelf.book) { return .lesson(found, isCurrent: shelf.isCurrent) }
        // An old book says nothing about new slugs.
        guard shelf.isCurrent else { throw HTTPError(.notFound) }
        return .moved(try await self.moved(from: slug, query: request.request.uri.query))
    }

    /// Sends readers with an address of an earlier release to where the lesson stands now.
    private func moved(from slug: String, query: String?) async throws -> Response {
        do {
            let address = LessonLink(try await self.site.dependencies.catalog.lesson(slug)).address
            return Response(
                status: .permanentRedirect,
                headers: [
                    .location: query.map { "\(address)?\($0)" } ?? address, .cacheControl: "public, max-age=60",
                ])
        } catch let error as CatalogError {
            guard error.code == .renamed, let now = error.slug else { throw HTTPError(.notFound) }
            return try await self.moved(from: now, query: query)
        }
    }
}

extension PageRequest {
    /// Somebody opened the page to look at it, by the browser's own word. A page that a browser only fetches ahead is
    /// not opened yet.
    var isVisit: Bool {
        self.request.method == .get && self.fetchHeader("Sec-Fetch-Dest") == "document"
            && self.fetchHeader("Sec-Purpose")?.contains("prefetch") != true
    }

    /// A visitor who was never asked the questions, and can answer them.
    var isNewcomer: Bool {
        self.isVisit && self.visitor.id == nil && !self.visitor.isSignedOut
            && self.request.cookies[AskedCookie.name] == nil
    }

    private func fetchHeader(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { self.request.headers[$0] }?.lowercased()
    }
}

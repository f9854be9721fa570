import HTTPTypes
public import Hummingbird
public import MarkdownHTML
public import TextbookSync

/// The pages for people: the book's contents and its lessons, readable without scripts.
public struct LearnerWeb: Sendable {
    private let reader: BookReaderPages
    private let pages: PageTemplates
    private let assets: Assets

    /// Reads templates and assets of the installation.
    /// - Throws: ``WebError`` when one is missing or malformed.
    public init(
        catalog: ContentCatalog, bodies: LessonBodies, renderer: MarkdownRenderer = MarkdownRenderer()
    ) throws {
        let assets = try Assets()
        let pages = try PageTemplates()
        self.assets = assets
        self.pages = pages
        self.reader = BookReaderPages(catalog: catalog, bodies: bodies, renderer: renderer, pages: pages)
    }

    /// Adds `/`, `/lessons/{slug}` and `/assets/{name}`.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        router.addPage("/") { request in try await self.reader.contents(request) }
        router.addPage("lessons/**") { request in try await self.reader.lesson(request) }
        router.addPage("assets/{name}") { request in try self.assets.file(request) }
    }

    /// A page about an error, for callers that accept HTML; the shape that `RequestBoundary` asks for.
    @Sendable public func errorPage(
        _ request: Request, _ status: HTTPResponse.Status, _ title: String, _ detail: String
    ) -> Response? {
        guard request.headers[values: .accept].contains(where: { $0.lowercased().contains("text/html") }) else {
            return nil
        }
        let page = ErrorPage(status: status.code, title: title, detail: detail)
        let response = self.pages.response(page, template: .error, status: status)
        return request.method == .head ? response?.createHeadResponse() : response
    }
}

/// What the error page shows.
private struct ErrorPage {
    let status: Int
    let title: String
    let detail: String
}

extension RouterMethods {
    /// Adds a page: GET and HEAD give it, every other method is told so.
    func addPage(_ path: RouterPath, _ handler: @escaping @Sendable (Request) async throws -> Response) {
        self.get(path) { request, _ in try await handler(request) }
        self.head(path) { request, _ in try await handler(request).createHeadResponse() }
        for method: HTTPRequest.Method in [.post, .put, .patch, .delete, .options, .trace] {
            self.on(path, method: method) { _, _ -> Response in
                throw HTTPError(.methodNotAllowed, headers: [.allow: "GET, HEAD"], message: "This is a page to read.")
            }
        }
    }
}

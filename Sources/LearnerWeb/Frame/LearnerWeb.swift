import HTTPTypes
public import Hummingbird
import Learners

/// The pages for people: readable without scripts, better with them. docs/pages.md says what they agree on.
public struct LearnerWeb: Sendable {
    private let site: Site
    private let pages: [Page]
    private let assets: AssetFiles

    /// Reads templates, strings and assets of the installation.
    /// - Throws: ``WebError`` when one is missing or malformed.
    public init(_ dependencies: Dependencies) throws {
        let site = try Site(dependencies)
        self.site = site
        self.assets = try AssetFiles()
        self.pages = [
            HomePages(site).pages,
            OnboardingPages(site).pages,
            ProfilePages(site).pages,
            BookPages(site).pages,
            LessonPages(site).pages,
            LanguagePages(site).pages,
        ].flatMap { $0 }
    }

    /// Adds every page and `/assets/{name}`.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        for page in self.pages { router.add(page, of: self.site) }
        router.add(Page("assets/{name}") { try self.assets.file($0.request) }, of: self.site)
    }

    /// A page about an error, for callers that accept HTML; the shape that `RequestBoundary` asks for.
    @Sendable public func errorPage(
        _ request: Request, _ status: HTTPResponse.Status, _ title: String, _ detail: String
    ) -> Response? {
        guard request.headers[values: .accept].contains(where: { $0.lowercased().contains("text/html") }) else {
            return nil
        }
        let response = self.site.errorPage(request, status, title: title, detail: detail)
        return request.method == .head ? response?.createHeadResponse() : response
    }
}

extension RouterMethods {
    /// Adds a page: GET and HEAD give it, POST sends its form where it has one, and every other method is told so.
    fileprivate func add(_ page: Page, of site: Site) {
        let path = RouterPath(page.path)
        self.get(path) { request, context in
            try await site.answer(page, request, logger: context.logger)
        }
        self.head(path) { request, context in
            try await site.answer(page, request, logger: context.logger).createHeadResponse()
        }
        var refused: [HTTPRequest.Method] = [.put, .patch, .delete, .options, .trace]
        if page.post == nil {
            refused.append(.post)
        } else {
            self.post(path) { request, context in
                try await site.answer(page, request, logger: context.logger)
            }
        }
        let allow = page.post == nil ? "GET, HEAD" : "GET, HEAD, POST"
        for method in refused {
            self.on(path, method: method) { _, _ -> Response in
                throw HTTPError(.methodNotAllowed, headers: [.allow: allow], message: "This address is a page.")
            }
        }
    }
}

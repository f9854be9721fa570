import HTTPTypes
public import Hummingbird

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
            SearchPages(site).pages,
            LanguagePages(site).pages,
        ].flatMap { $0 }
    }

    /// Adds every page and `/assets/{name}`.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        for page in self.pages {
            router.add(page.path, takesForms: page.post != nil) { request, context in
                try await self.site.answer(page, request, context)
            }
        }
        // Nobody needs to be known for these.
        router.add("assets/{name}", takesForms: false) { request, _ in try self.assets.file(request) }
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
    /// Lets an address answer GET, HEAD and, where it takes forms, POST; every other method is told so.
    fileprivate func add(
        _ path: String, takesForms: Bool,
        _ answer: @escaping @Sendable (Request, any RequestContext) async throws -> Response
    ) {
        let path = RouterPath(path)
        self.get(path) { request, context in try await answer(request, context) }
        self.head(path) { request, context in try await answer(request, context).createHeadResponse() }
        var refused: [HTTPRequest.Method] = [.put, .patch, .delete, .options, .trace]
        if takesForms {
            self.post(path) { request, context in try await answer(request, context) }
        } else {
            refused.append(.post)
        }
        let allow = takesForms ? "GET, HEAD, POST" : "GET, HEAD"
        for method in refused {
            self.on(path, method: method) { _, _ -> Response in
                throw HTTPError(.methodNotAllowed, headers: [.allow: allow], message: "This address is a page.")
            }
        }
    }
}

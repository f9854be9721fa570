import ContentHashing
import HTTPTypes
import Hummingbird
import Learners
import Logging

/// What all pages share: what stands behind them, and how they are made and answered.
struct Site: Sendable {
    let dependencies: LearnerWeb.Dependencies
    let strings: InterfaceStrings
    let books: BookShelf
    private let templates: PageTemplates

    init(_ dependencies: LearnerWeb.Dependencies) throws(WebError) {
        self.dependencies = dependencies
        self.strings = try InterfaceStrings()
        self.templates = try PageTemplates()
        self.books = BookShelf(dependencies.catalog)
    }

    /// A string in the visitor's language.
    func text(_ name: String, _ request: PageRequest, _ values: [String: String] = [:]) -> String {
        self.strings.text(name, request.language, values)
    }

    /// Lets a page answer, once it is clear who asks and that a form comes from here.
    func answer(_ page: Page, _ request: Request, _ context: any RequestContext) async throws -> Response {
        guard request.method == .post, let post = page.post else {
            return try await self.show(page, request, context)
        }
        guard SameOrigin.isProven(by: request) else {
            return try self.refusal(PageRefusal(.forbidden), Visitor(request), request)
        }
        do {
            let form = try await Form.read(request)
            let isNeeded = page.signInNeed != .nobody
            return try await post(try await self.pageRequest(request, context, signInIsNeeded: isNeeded), form)
        } catch let error as PageRefusal {
            return try self.refusal(error, Visitor(request), request)
        }
    }

    private func show(_ page: Page, _ request: Request, _ context: any RequestContext) async throws -> Response {
        let isNeeded = page.signInNeed == .everybody
        let pageRequest = try await self.pageRequest(request, context, signInIsNeeded: isNeeded)
        var response = try await page.get(pageRequest)
        guard self.dependencies.signIn != nil else { return response }
        response.headers.append(HTTPField(name: .vary, value: "Authorization"))
        // Scripts in pages name the learner to the API, so the browser has to remember the same one.
        if let own = pageRequest.visitor.signedIn?.learner, own != request.rememberedLearner {
            response.remember(own, request)
        }
        return response
    }

    private func pageRequest(
        _ request: Request, _ context: any RequestContext, signInIsNeeded: Bool
    ) async throws -> PageRequest {
        let logger = context.logger
        var visitor = Visitor(request)
        if let signIn = self.dependencies.signIn {
            try await visitor.identify(by: signIn, request.headers, isNeeded: signInIsNeeded, logger: logger)
        }
        try await visitor.load(from: self.dependencies.learners, logger: logger)
        return PageRequest(
            request: request, visitor: visitor, logger: logger, work: self.dependencies.workGate(request, context))
    }

    /// The page. One that is shown well (200) may be kept by its browser and is asked for again each time; every other
    /// one is not kept.
    func page(
        _ request: PageRequest, _ content: PageContent, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        try self.page(content, request.visitor, request.request, status: status)
    }

    /// Leads the browser to another page, by GET.
    func seeOther(_ address: String) -> Response {
        Response(status: .seeOther, headers: [.location: address, .cacheControl: "no-store"])
    }

    func page(
        _ content: PageContent, _ visitor: Visitor, _ request: Request, status: HTTPResponse.Status
    ) throws -> Response {
        let html = try self.templates.html(
            self.frame(content, visitor, request), content.model, strings: self.strings.all(visitor.language))
        var headers = Self.headers
        if status == .ok {
            let tag = "\"\(ContentHash(of: html).hex)\""
            headers[.cacheControl] = "private, no-cache"
            headers[.eTag] = tag
            if request.hasCopy(under: tag) {
                headers[.contentType] = nil
                return Response(status: .notModified, headers: headers)
            }
        }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    private static let headers: HTTPFields = {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: Self.policy,
            .vary: "Cookie, Accept-Language, Accept", .cacheControl: "no-store",
        ]
        // With "no-referrer" browsers hide the origin of our own forms too.
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
        return headers
    }()

    /// Own files only, nothing inline, nobody's frame.
    private static let policy = """
        default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; \
        form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        """

    private func frame(_ content: PageContent, _ visitor: Visitor, _ request: Request) -> PageFrame {
        let language = visitor.language
        var notices = content.notices
        if visitor.isDatabaseAway {
            notices.insert(.init(.warning, self.strings.text("frame_database_away", language)), at: 0)
        }
        // A learner's language is one of the answers, and texts are written in it: it is changed in the profile.
        let others = visitor.isOnboarded ? [] : PreferredLanguage.allCases.filter { $0 != language }
        return PageFrame(
            template: content.template, title: content.title, lang: language.rawValue, dir: language.direction,
            navigation: PageFrame.Place.allCases.map { place in
                PageFrame.Link(
                    label: self.strings.text("frame_\(place.rawValue)", language), address: place.address,
                    isCurrent: place == content.place)
            },
            notices: notices, hasNotices: !notices.isEmpty, stylesheets: content.stylesheets, scripts: content.scripts,
            refreshAfter: content.refreshAfter,
            languages: others.map { .init(code: $0.rawValue, name: $0.ownName, dir: $0.direction) },
            hasLanguages: !others.isEmpty, isOnboarded: visitor.isOnboarded,
            address: request.method == .get ? LocalAddress(request.uri.string)?.text ?? "/" : "/")
    }
}

import HTTPTypes
public import Hummingbird
import Logging
import Operators

/// The pages of operators: what the queue, its workers and the content do, and what can be done about it.
public struct OperatorConsole: Sendable {
    private let access: OperatorAccess
    private let site: ConsoleSite
    private let signIn: SignInPage
    private let events: ConsoleEvents
    private let pages: [ConsolePage]
    private let files: ConsoleFiles

    /// Reads the templates and files of the installation.
    /// - Throws: ``ConsoleError``.
    public init(_ backends: ConsoleBackends, access: OperatorAccess) throws(ConsoleError) {
        let site = try ConsoleSite()
        self.access = access
        self.site = site
        self.files = try ConsoleFiles()
        self.signIn = SignInPage(access: access, site: site)
        self.events = ConsoleEvents(overview: backends.overview)
        self.pages =
            QueuePages(site: site, backends: backends).pages + JobPages(site: site, backends: backends).pages
            + RedrivePage(site: site, backends: backends).pages + FleetPages(site: site, backends: backends).pages
            + ContentPages(site: site, backends: backends).pages + AuditPage(site: site, backends: backends).pages
    }

    /// Adds everything under `/ops`.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        for page in self.pages { self.add(page, to: router) }
        self.add(ConsolePage("ops/events", get: self.events.stream), to: router)
        self.addFiles(to: router)
        self.addSignIn(to: router)
    }

    private func add(_ page: ConsolePage, to router: some RouterMethods<some RequestContext>) {
        let allowed = page.post == nil ? "GET, HEAD, OPTIONS" : "GET, HEAD, OPTIONS, POST"
        for method in HTTPRequest.Method.known {
            router.on(RouterPath(page.path), method: method) { request, context -> Response in
                try await self.refusing(request) {
                    let steers = method == .post && page.post != nil
                    let who = try await self.access.require(anyOf: [steers ? .steer : .read], request)
                    let call = OperatorCall(
                        request: request, parameters: context.parameters, who: who,
                        requestID: context.logger[metadataKey: "request_id"].map { "\($0)" })
                    switch method {
                    case .get: return try await page.get(call)
                    case .head: return try await page.get(call).createHeadResponse()
                    case .options: return Response(status: .noContent, headers: [.allow: allowed])
                    default: break
                    }
                    guard method == .post, let post = page.post else { throw Self.notAllowed(allowed) }
                    return try await post(call, try await ConsoleForm.read(request))
                }
            }
        }
    }

    /// The page to sign in needs them too.
    private func addFiles(to router: some RouterMethods<some RequestContext>) {
        for (path, file) in self.files.all {
            for method in HTTPRequest.Method.known {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    switch method {
                    case .get: return file
                    case .head: return file.createHeadResponse()
                    default: throw Self.notAllowed("GET, HEAD")
                    }
                }
            }
        }
    }

    /// Whoever signs in is nobody yet.
    private func addSignIn(to router: some RouterMethods<some RequestContext>) {
        for method in HTTPRequest.Method.known {
            router.on("ops/sign-in", method: method) { request, _ -> Response in
                try await self.refusing(request) {
                    switch method {
                    case .get: return try self.signIn.show(request)
                    case .head: return try self.signIn.show(request).createHeadResponse()
                    case .post: return try await self.signIn.signIn(request)
                    default: throw Self.notAllowed("GET, HEAD, POST")
                    }
                }
            }
            router.on("ops/sign-out", method: method) { request, _ -> Response in
                try await self.refusing(request) {
                    guard method == .post else { throw Self.notAllowed("POST") }
                    return try await self.signIn.signOut(request)
                }
            }
        }
    }

    /// Tells people on a page what programs are told as a problem, and shows a browser without a credential where it
    /// gets one.
    private func refusing(_ request: Request, _ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as HTTPError {
            guard request.headers[.accept]?.lowercased().contains("text/html") == true else { throw error }
            if error.status == .unauthorized, request.headers[.authorization] == nil {
                let isPage = request.method == .get || request.method == .head
                return ConsoleSite.seeOther(SignInPage.address(then: isPage ? request.uri.string : "/ops"))
            }
            return try self.site.refusal(
                error.status, error.body ?? error.status.reasonPhrase, headers: error.headers)
        }
    }

    private static func notAllowed(_ allowed: String) -> HTTPError {
        HTTPError(.methodNotAllowed, headers: [.allow: allowed], message: "This address answers \(allowed).")
    }
}

/// Why the console cannot be served.
public struct ConsoleError: Error, Sendable, CustomStringConvertible {
    public let description: String
}

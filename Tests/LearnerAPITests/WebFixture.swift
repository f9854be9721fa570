import CurlHTTP
import Foundation
import Hummingbird
import IdentityTokens
import LearnerWeb
import Logging
import Postgres
import Synchronization
import Testing

@testable import LearnerAPI

/// The pages and the API on a socket, over a small published book.
enum WebFixture {
    /// Fields of a form or of a request's head.
    typealias Fields = [(name: String, value: String)]

    /// - Parameter verifier: of the tokens that learners sign in with; `nil` leaves them anonymous.
    static func run(
        signIn verifier: TokenVerifier? = nil, rates: RateLimits = RateLimits(),
        adjust: @escaping @Sendable (inout LearnerWeb.Dependencies) -> Void = { _ in },
        _ body: @Sendable @escaping (APIFixture, APIServer) async throws -> Void
    ) async throws {
        let pages = ErrorPages()
        try await APIFixture.run(
            boundary: pages.boundary,
            adjust: { dependencies, _ in
                dependencies.signIn = dependencies.desk(verifier)
                dependencies.configuration.rates = rates
            },
            routes: { fixture, router in pages.add(fixture, to: router, signIn: verifier, adjust) }, body)
    }

    /// Pages whose database does not exist.
    static func withoutDatabase(_ body: @Sendable @escaping (APIServer) async throws -> Void) async throws {
        let pages = ErrorPages()
        try await APIFixture.withoutDatabase(
            boundary: pages.boundary, routes: { fixture, router in pages.add(fixture, to: router) }, body)
    }

    /// Holds the pages once they exist: the boundary needs the error page before the fixture does.
    private final class ErrorPages: Sendable {
        private let web = Mutex<LearnerWeb?>(nil)

        var boundary: RequestBoundary<BasicRequestContext> {
            RequestBoundary { request, status, title, detail in
                self.web.withLock { $0 }?.errorPage(request, status, title, detail)
            }
        }

        func add(
            _ fixture: APIFixture, to router: Router<BasicRequestContext>, signIn verifier: TokenVerifier? = nil,
            _ adjust: @Sendable (inout LearnerWeb.Dependencies) -> Void = { _ in }
        ) {
            do {
                let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                var parts = try fixture.dependencies(logger)
                parts.signIn = parts.desk(verifier)
                var dependencies = LearnerWeb.Dependencies(parts)
                adjust(&dependencies)
                let web = try LearnerWeb(dependencies)
                web.addRoutes(to: router)
                self.web.withLock { $0 = web }
            } catch {
                Issue.record(error)
            }
        }
    }
}

extension LearnerWeb.Dependencies {
    init(_ api: LearnerAPI.Dependencies) {
        let desk = OwnDataDesk(api)
        self.init(
            learners: api.learners, progress: api.progress, reasonTexts: api.reasonTexts, catalog: api.catalog,
            bodies: api.bodies, personalization: api.personalization, search: api.search,
            ownData: .init(
                export: { try await desk.export(of: $0, for: $1) }, delete: { try await desk.delete($0) }),
            signIn: api.signIn.map { desk in
                .init(
                    signedIn: { try await desk.signedIn($0) }, account: { try await desk.account(of: $0, under: $1) })
            })
    }
}

extension LearnerAPI.Dependencies {
    fileprivate func desk(_ verifier: TokenVerifier?) -> SignInDesk? {
        verifier.map { SignInDesk(verifier: $0, learners: self.learners) }
    }
}

extension APIServer {
    /// Opens a page as a browser does.
    func open(
        _ path: String, as learner: String? = nil, headers: WebFixture.Fields = []
    ) async throws -> Answer {
        try await self.send("GET", path, headers: Self.browser(learner) + headers)
    }

    /// Sends a form as a browser does from a page of the site.
    func submit(
        _ path: String, _ fields: WebFixture.Fields, as learner: String? = nil,
        headers: WebFixture.Fields = [("Sec-Fetch-Site", "same-origin")]
    ) async throws -> Answer {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        func encoded(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }
        let body = fields.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
        return try await self.send(
            "POST", path, headers: Self.browser(learner) + headers, body: Array(body.utf8),
            type: "application/x-www-form-urlencoded")
    }

    private static func browser(_ learner: String?) -> WebFixture.Fields {
        var headers: WebFixture.Fields = [("Accept", "text/html,application/xhtml+xml")]
        if let learner { headers.append(("Cookie", "lectern_learner=\(learner)")) }
        return headers
    }
}

extension APIServer.Answer {
    /// The value that a cookie is set to; `nil` where it is not set.
    func cookie(_ name: String) -> String? {
        self.headers.all("Set-Cookie").compactMap { field -> String? in
            let pair = field.prefix { $0 != ";" }
            return pair.hasPrefix(name + "=") ? String(pair.dropFirst(name.count + 1)) : nil
        }.first
    }
}

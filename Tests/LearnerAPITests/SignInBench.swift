import CurlHTTP
import Foundation
import IdentityTesting
import IdentityTokens
import Postgres

@testable import LearnerAPI

/// An API and pages whose learners sign in, and the issuer they sign in with.
struct SignInBench: Sendable {
    static let key = TestKey.p256("k")

    let issuer: TestIssuer
    let fixture: APIFixture
    let server: APIServer

    static func run(
        rates: RateLimits = RateLimits(), _ body: @Sendable @escaping (SignInBench) async throws -> Void
    ) async throws {
        try await TestIssuer.with([self.key]) { issuer in
            let verifier = TokenVerifier(
                policy: try TokenPolicy(issuer: issuer.url, audiences: ["lectern"]), http: HTTPClient(),
                now: { Date() }, elapsed: { .zero })
            try await WebFixture.run(signIn: verifier, rates: rates) { fixture, server in
                try await body(SignInBench(issuer: issuer, fixture: fixture, server: server))
            }
        }
    }

    /// Claims that are good where nothing is said; times in seconds from now.
    func claims(
        _ subject: String, issuer: String? = nil, audience: String = "lectern", expires: Int = 300, begins: Int = 0
    ) -> String {
        let now = Int(Date().timeIntervalSince1970)
        return """
            {"iss":"\(issuer ?? self.issuer.url)","sub":"\(subject)","aud":"\(audience)",\
            "exp":\(now + expires),"nbf":\(now + begins)}
            """
    }

    /// The header that signs somebody in.
    func authorization(_ subject: String) throws -> WebFixture.Fields {
        [("Authorization", "Bearer \(try Self.key.token(self.claims(subject)))")]
    }

    func send(
        _ method: String, _ path: String, as subject: String, user: String? = nil, json: String? = nil
    ) async throws -> APIServer.Answer {
        try await self.server.send(
            method, path, user: user, headers: try self.authorization(subject), body: json.map { Array($0.utf8) })
    }

    /// Opens a page as a browser does behind a proxy that signs people in.
    func open(
        _ path: String, as subject: String, cookie: String? = nil, headers: WebFixture.Fields = []
    ) async throws -> APIServer.Answer {
        try await self.server.open(path, as: cookie, headers: try self.authorization(subject) + headers)
    }

    /// Sends a form likewise.
    func submit(
        _ path: String, _ fields: WebFixture.Fields, as subject: String, cookie: String? = nil
    ) async throws -> APIServer.Answer {
        let headers = try self.authorization(subject) + [(name: "Sec-Fetch-Site", value: "same-origin")]
        return try await self.server.submit(path, fields, as: cookie, headers: headers)
    }

    /// The learner of somebody who signs in for the first time.
    func learner(_ subject: String) async throws -> String {
        let id = try await self.send("POST", "/api/user/create", as: subject, json: "{}")["id"]?.text ?? ""
        _ = try await self.send(
            "POST", "/api/onboarding", as: subject, json: #"{"user_id":"\#(id)",\#(APIFixture.answers)}"#)
        return id
    }

    /// How many accounts there are.
    func accounts() async throws -> Int {
        try await self.fixture.database.query("SELECT FROM lectern.learner").count
    }
}

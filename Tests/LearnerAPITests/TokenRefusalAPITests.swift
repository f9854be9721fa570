import CurlHTTP
import Foundation
import IdentityTesting
import Testing

/// What senders of tokens that are not accepted are told.
@Suite struct TokenRefusalAPITests {
    /// Tokens that are not good, and what their senders are told.
    @Test(arguments: [
        ("none", "signed in a way that is not allowed"), ("symmetric", "signed in a way that is not allowed"),
        ("other algorithm", "signed in a way that is not allowed"), ("forged", "signature of the token is wrong"),
        ("unknown key", "a key that its issuer does not publish"), ("other audience", "made for somebody else"),
        ("other issuer", "made by another issuer"), ("expired", "has expired"), ("early", "not valid yet"),
        ("no subject", "lacks a claim"), ("huge", "too long"),
    ])
    func whatIsWrongWithATokenIsSaid(kind: String, reason: String) async throws {
        try await SignInBench.run { bench in
            let good = bench.claims("ann")
            let key = SignInBench.key
            let token =
                switch kind {
                case "none": try TestKey("k", .none).token(good)
                case "symmetric": try TestKey("k", .hmac(Array(key.published.utf8))).token(good)
                case "other algorithm": try key.token(good, header: #""alg":"ES384""#)
                case "forged": try TestKey.p256("k").token(good)
                case "unknown key": try TestKey("other", key.secret).token(good)
                case "other audience": try key.token(bench.claims("ann", audience: "elsewhere"))
                case "other issuer": try key.token(bench.claims("ann", issuer: "https://elsewhere.example"))
                case "expired": try key.token(bench.claims("ann", expires: -61))
                case "early": try key.token(bench.claims("ann", begins: 120))
                case "no subject": try key.token(bench.claims(""))
                default: try key.token(bench.claims(String(repeating: "a", count: 16_384)))
                }
            let answer = try await bench.server.send(
                "GET", "/api/progress", headers: [("Authorization", "Bearer \(token)")])
            #expect(answer.status == 401 && answer["error"]?.text == "invalid_token")
            #expect(answer["detail"]?.text?.contains(reason) == true, "\(answer.text)")
            #expect(answer.headers.first("WWW-Authenticate")?.contains(reason) == true)
            #expect(!bench.server.log.lines.contains { $0.contains(token.suffix(40)) })
        }
    }

    @Test func twoTokensAreAMalformedRequest() async throws {
        try await SignInBench.run { bench in
            let token = try SignInBench.key.token(bench.claims("ann"))
            let answer = try await bench.server.send(
                "GET", "/api/progress",
                headers: [("Authorization", "Bearer \(token)"), ("Authorization", "Bearer \(token)")])
            #expect(answer.status == 400)
            #expect(answer.headers.first("WWW-Authenticate")?.contains("invalid_request") == true)
            let other = try await bench.server.send(
                "GET", "/api/progress", headers: [("Authorization", "Basic YTpi")])
            #expect(other["error"]?.text == "missing_token")
            let lower = try await bench.server.send(
                "POST", "/api/user/create", headers: [("Authorization", "bearer \(token)")])
            #expect(lower.status == 201)
            #expect(try await bench.server.send("GET", "/api/progress?access_token=\(token)").status == 401)
        }
    }

    @Test func anIssuerThatIsAwayIsNobodysFault() async throws {
        try await SignInBench.run { bench in
            bench.issuer.answer(TestIssuer.discoveryPath, .status(500))
            let answer = try await bench.send("GET", "/api/progress", as: "ann")
            #expect(answer.status == 503)
            #expect(answer["error"]?.text == "identity_unavailable")
            #expect(answer.headers.first("Retry-After") == "30")
            #expect(!answer.text.contains("127.0.0.1"))
            #expect(try await bench.server.send("GET", "/api/content/book").status == 200)
        }
    }
}

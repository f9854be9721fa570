import Foundation
import IdentityTesting
import Testing

@testable import IdentityTokens

@Suite struct TokenVerifierTests {
    @Test func aGoodTokenSaysWhoItSpeaksFor() async throws {
        let rsa = try #require(Keys.rsa)
        try await TestIssuer.with([rsa, Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            for key in [rsa, Keys.p256] {
                let claims = fixture.claims([
                    "aud": #"["other","lectern"]"#, "groups": #"["a","b"]"#, "repository": #""team/book""#,
                ])
                let token = try await fixture.verifier.verify(try key.token(claims))
                #expect(token.subject == "someone")
                #expect(token.issuer == issuer.url)
                #expect(token.audiences == ["other", "lectern"])
                #expect(token.expiresAt == Date(timeIntervalSince1970: Double(Fixture.start + 300)))
                #expect(token.text("repository") == "team/book")
                #expect(token.all["groups"] == .list([.text("a"), .text("b")]))
            }
            #expect(issuer.asked() == 1)
        }
    }

    @Test func theTokenHasNoSayInHowItIsChecked() async throws {
        let rsa = try #require(Keys.rsa)
        let publicHalf = Array(rsa.publishedPEM.utf8)
        let symmetric = TestKey("s1", .hmac(Array("a secret that the issuer published".utf8)))
        try await TestIssuer.with([rsa, Keys.p256, symmetric]) { issuer in
            let fixture = try Fixture(issuer)
            let claims = fixture.claims()
            // The public key as if it were a shared secret.
            #expect(await fixture.refusal(try TestKey("r1", .hmac(publicHalf)).token(claims)) == .algorithm)
            #expect(await fixture.refusal(try symmetric.token(claims)) == .algorithm)
            for name in ["none", "None", "NONE", "nOnE"] {
                let header = #""alg":"\#(name)""#
                #expect(await fixture.refusal(try TestKey("r1", .none).token(claims, header: header)) == .algorithm)
            }
            // Allowed algorithms with the other key's name, and one of the same family that is not allowed.
            #expect(await fixture.refusal(try TestKey("r1", Keys.p256.secret).token(claims)) == .unknownKey)
            #expect(await fixture.refusal(try TestKey("e1", rsa.secret).token(claims)) == .unknownKey)
            #expect(await fixture.refusal(try rsa.token(claims, header: #""alg":"RS512""#)) == .algorithm)
            #expect(await fixture.refusal(try rsa.token(claims, header: #""alg":"ES256""#)) == .unknownKey)
            // A key of the token's own, and an extension that must be understood.
            let own = #""alg":"ES256","jwk":\#(Keys.p256.published),"jku":"\#(issuer.url)/own""#
            #expect(await fixture.refusal(try TestKey.p256("e1").token(claims, header: own)) == .signature)
            #expect(issuer.asked("/own") == 0)
            let extended = #""alg":"RS256","crit":["b64"],"b64":false"#
            #expect(await fixture.refusal(try rsa.token(claims, header: extended)) == .algorithm)
            let other = #""alg":"RS256","typ":"logout+jwt""#
            #expect(await fixture.refusal(try rsa.token(claims, header: other)) == .malformed)
            #expect(await fixture.refusal(try rsa.token(claims)) == nil)
        }
    }

    @Test func anyChangedByteSpoilsTheSignature() async throws {
        try await TestIssuer.with([Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            let token = try Keys.p256.token(fixture.claims())
            let parts = token.split(separator: ".").map(String.init)
            let other = encoded(Array(fixture.claims(["sub": "\"admin\""]).utf8))
            #expect(await fixture.refusal("\(parts[0]).\(other).\(parts[2])") == .signature)
            #expect(await fixture.refusal("\(parts[0]).\(parts[1]).\(encoded([1, 2, 3]))") == .signature)
            #expect(await fixture.refusal("\(parts[0]).\(parts[1]).") == .signature)
            let malformed = [
                "", ".", "..", "a.b.c", "\(parts[0]).\(parts[1])", "\(token).", "\(token)=", " \(token)",
                "\(token)\n", "e30.\(parts[1]).\(parts[2])", "W10.\(parts[1]).\(parts[2])",
                String(repeating: "a", count: 20_000),
            ]
            for text in malformed { #expect(await fixture.refusal(text) == .malformed, "\(text.prefix(40))") }
        }
    }

    @Test(
        arguments: [
            (["iss": "\"https://elsewhere.example\""], TokenError.Code.issuer), (["aud": "\"other\""], .audience),
            (["aud": "[]"], .audience), (["aud": "[\"lectern2\",\"Lectern\"]"], .audience), (["aud": nil], .claims),
            (["aud": "[1]"], .claims), (["sub": nil], .claims), (["sub": "\"\""], .claims), (["sub": "7"], .claims),
            (["exp": nil], .claims), (["exp": "\"1900000000\""], .claims), (["exp": "1799999940"], .expired),
            (["exp": "1799999941"], nil), (["exp": "-1"], .expired), (["nbf": "1800000061"], .notYetValid),
            (["nbf": "1800000060"], nil), (["iat": "1800000061"], .notYetValid), (["iat": nil], nil),
            (["iss": nil], .claims),
        ] as [([String: String?], TokenError.Code?)])
    func everyClaimThatLimitsATokenIsChecked(changes: [String: String?], code: TokenError.Code?) async throws {
        try await TestIssuer.with([Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims(changes))) == code)
        }
    }

    @Test func aTokenWithoutAKeysNameNeedsTheOnlyKeyOfItsKind() async throws {
        let nameless = TestKey(nil, Keys.p256.secret)
        try await TestIssuer.with([Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try nameless.token(fixture.claims())) == nil)
        }
        try await TestIssuer.with([Keys.p256, TestKey.p256("e2")]) { issuer in
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try nameless.token(fixture.claims())) == .unknownKey)
        }
    }

    @Test(arguments: [
        ("http://id.example.org", "must begin with https://"), ("ftp://id.example.org", "no URL"),
        ("https://id.example.org/?tenant=1", "no URL without query"), ("", "no URL"),
    ])
    func anIssuerThatCannotBeTrustedIsRefused(issuer: String, reason: String) {
        let fault = #expect(throws: TokenPolicy.Fault.self) {
            try TokenPolicy(issuer: issuer, audiences: ["lectern"])
        }
        #expect(fault?.description.contains(reason) == true)
    }

    @Test func messagesHoldNothingOfTheToken() async throws {
        try await TestIssuer.with([Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            let token = try Keys.p256.token(fixture.claims(["sub": "\"marked\"", "exp": "1"]))
            let error = await #expect(throws: TokenError.self) { try await fixture.verifier.verify(token) }
            let text = try #require(error).description
            #expect(!text.contains("marked") && !text.contains(token.prefix(20)))
            #expect(text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !text.contains("\""))
        }
    }
}

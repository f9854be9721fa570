import Foundation
import IdentityTesting
import ServerTesting
import Testing

@testable import IdentityTokens

@Suite struct KeyDirectoryTests {
    @Test func aNewKeyIsFoundAndAnOldOneForgotten() async throws {
        let (old, new) = (TestKey.p256("e1"), TestKey.p256("e2"))
        try await TestIssuer.with([old]) { issuer in
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try old.token(fixture.claims())) == nil)
            issuer.publish([new])
            fixture.time.pass(.seconds(30))
            #expect(await fixture.refusal(try new.token(fixture.claims())) == nil)
            #expect(await fixture.refusal(try old.token(fixture.claims())) == .unknownKey)
            #expect(issuer.asked() == 2)
        }
    }

    @Test func madeUpNamesOfKeysCauseNoStorm() async throws {
        try await TestIssuer.with([Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == nil)
            for round in 1...3 {
                let refused = try await withThrowingTaskGroup(of: TokenError.Code?.self) { group in
                    for number in 0..<100 {
                        let token = try TestKey.p256("made-up-\(number)").token(fixture.claims())
                        group.addTask { await fixture.refusal(token) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(refused.allSatisfy { $0 == .unknownKey } && refused.count == 100)
                #expect(issuer.asked() == round)
                fixture.time.pass(.seconds(30))
            }
        }
    }

    @Test func manyCallersAskOnce() async throws {
        let (stream, gate) = AsyncStream<Void>.makeStream()
        try await TestIssuer.with([]) { issuer in
            issuer.answer(TestIssuer.keysPath, .held(stream, TestKey.set([Keys.p256])))
            let fixture = try Fixture(issuer)
            let token = try Keys.p256.token(fixture.claims())
            let answers = try await withThrowingTaskGroup(of: TokenError.Code?.self) { group in
                for _ in 0..<200 { group.addTask { await fixture.refusal(token) } }
                group.addTask {
                    _ = try await eventually { issuer.asked() == 1 }
                    gate.finish()
                    return nil
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 == nil } && answers.count == 201)
            #expect(issuer.asked() == 1 && issuer.asked(TestIssuer.discoveryPath) == 1)
        }
    }

    @Test func knownKeysServeWhileTheIssuerIsAwayAndNotForEver() async throws {
        try await TestIssuer.with([Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == nil)
            issuer.answer(TestIssuer.keysPath, .status(503))
            for _ in 0..<23 {
                fixture.time.pass(.seconds(3_600))
                #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == nil)
            }
            #expect(try await eventually { issuer.asked() > 1 })
            // A name that is not known stays unknown; that the issuer is away changes nothing of what it said.
            #expect(await fixture.refusal(try TestKey.p256("e9").token(fixture.claims())) == .unknownKey)
            fixture.time.pass(.seconds(3_600))
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == .keysUnavailable)
            issuer.publish([Keys.p256])
            // Who was told so a moment ago is told so again, without asking.
            let asked = issuer.asked()
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == .keysUnavailable)
            #expect(issuer.asked() == asked)
            fixture.time.pass(.seconds(30))
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == nil)
        }
    }

    @Test func oldKeysAreAskedForAgainBehindTheCallersBack() async throws {
        let (stream, gate) = AsyncStream<Void>.makeStream()
        try await TestIssuer.with([Keys.p256]) { issuer in
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == nil)
            let new = TestKey.p256("e2")
            issuer.answer(TestIssuer.keysPath, .held(stream, TestKey.set([new])))
            fixture.time.pass(.seconds(600))
            // Answered although the issuer holds its answer back.
            let token = try Keys.p256.token(fixture.claims())
            #expect(await fixture.refusal(token) == nil)
            gate.finish()
            #expect(try await eventually { await fixture.refusal(token) == .unknownKey })
        }
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"keys":null}"#, #"{"keys":[]}"#, #"{"keys":[1,"a",null,{}]}"#,
        #"{"keys":[{"kty":"oct","kid":"e1","alg":"ES256","k":"AAAA"}]}"#,
        #"{"keys":[{"kty":"EC","kid":"e1","crv":"P-256","x":"AAAA","y":"AAAA"}]}"#,
        #"{"keys":[{"kty":"RSA","kid":"r1","n":"AQAB","e":"AQAB"}]}"#,
        String(repeating: "[", count: 50_000),
    ])
    func whatIsNoKeySetLetsNobodyIn(text: String) async throws {
        try await TestIssuer.with([]) { issuer in
            issuer.answer(TestIssuer.keysPath, .text(text))
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == .keysUnavailable)
        }
    }

    @Test func oneBadKeySpoilsNoOther() async throws {
        try await TestIssuer.with([]) { issuer in
            let bad = #"{"kty":7},{"kty":"EC","crv":"P-256","kid":"e0","x":"!","y":""},"#
            let foreign = #"{"kty":"EC","crv":"secp256k1","kid":"k","x":"AA","y":"AA"},{"kty":"AKP","kid":"q"},"#
            issuer.answer(TestIssuer.keysPath, .text(#"{"keys":[\#(bad)\#(foreign)\#(Keys.p256.published)]}"#))
            let fixture = try Fixture(issuer)
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == nil)
        }
    }

    @Test func aKeyForAnotherUseOrATwiceUsedNameIsNoKey() async throws {
        let plain = Keys.p256.published
        let forEncryption = plain.replacing(#""kty""#, with: #""use":"enc","kty""#)
        let forSigning = plain.replacing(#""kty""#, with: #""key_ops":["sign"],"kty""#)
        let otherAlgorithm = plain.replacing(#""kty""#, with: #""alg":"ES384","kty""#)
        for (keys, code) in [
            ([forEncryption], TokenError.Code.keysUnavailable), ([forSigning], .keysUnavailable),
            ([otherAlgorithm], .keysUnavailable), ([plain, TestKey.p256("e1").published], .unknownKey),
        ] {
            try await TestIssuer.with([]) { issuer in
                issuer.answer(TestIssuer.keysPath, .text(#"{"keys":[\#(keys.joined(separator: ","))]}"#))
                let fixture = try Fixture(issuer)
                #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == code)
            }
        }
    }

    @Test func anIssuerThatIsHugeSlowOrLeadsElsewhereIsGivenUp() async throws {
        let (stream, gate) = AsyncStream<Void>.makeStream()
        let set = TestKey.set([Keys.p256])
        let tooMany = TestKey.set((0..<65).map { TestKey("e\($0)", Keys.p256.secret) })
        for answer: TestIssuer.Answer in [
            .padded(300 << 10, set), .held(stream, set), .status(302, location: "/elsewhere"), .status(500),
            .status(204), .text(tooMany),
        ] {
            try await TestIssuer.with([]) { issuer in
                issuer.answer("/elsewhere", .text(set))
                issuer.answer(TestIssuer.keysPath, answer)
                var freshness = KeyFreshness()
                freshness.timeout = .milliseconds(300)
                let fixture = try Fixture(issuer, freshness: freshness)
                #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == .keysUnavailable)
                #expect(issuer.asked("/elsewhere") == 0)
            }
        }
        gate.finish()
    }

    @Test func aDescriptionOfSomebodyElseIsNotFollowed() async throws {
        try await TestIssuer.with([Keys.p256]) { issuer in
            for text in [
                #"{"issuer":"https://elsewhere.example","jwks_uri":"\#(issuer.url)/keys"}"#,
                #"{"issuer":"\#(issuer.url)","jwks_uri":"http://elsewhere.example/keys"}"#,
                #"{"issuer":"\#(issuer.url)","jwks_uri":"file:///etc/passwd"}"#, #"{"issuer":"\#(issuer.url)"}"#,
            ] {
                issuer.answer(TestIssuer.discoveryPath, .text(text))
                let fixture = try Fixture(issuer)
                #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == .keysUnavailable)
                #expect(issuer.asked() == 0)
            }
            // A configured address needs no description.
            let fixture = try Fixture(issuer, keysURL: issuer.url + TestIssuer.keysPath)
            #expect(await fixture.refusal(try Keys.p256.token(fixture.claims())) == nil)
        }
    }

    @Test func whoeverLeavesWhileWaitingTakesNothingFromTheOthers() async throws {
        let (stream, gate) = AsyncStream<Void>.makeStream()
        try await TestIssuer.with([]) { issuer in
            issuer.answer(TestIssuer.keysPath, .held(stream, TestKey.set([Keys.p256])))
            let fixture = try Fixture(issuer)
            let token = try Keys.p256.token(fixture.claims())
            let first = Task { await fixture.refusal(token) }
            #expect(try await eventually { issuer.asked() == 1 })
            let second = Task { await fixture.refusal(token) }
            first.cancel()
            gate.finish()
            #expect(await second.value == nil)
            #expect(issuer.asked() == 1)
        }
    }
}

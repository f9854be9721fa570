import FoundationEssentials
import Testing

@testable import Webhooks

@Suite struct WebhookMessageTests {
    /// Worked out with `openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64`.
    private static let vectors: [(secret: String, id: String, at: Int, body: String, signature: String)] = [
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330,
            #"{"test": 2432232314}"#, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        ),
        (
            "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "msg_1", 1_700_000_000, #"{"a":1}"#,
            "v1,rkwp5YuvdrMkcu0ZhuMsXoTg44mHAr1Q0+FFgFpXsjY="
        ),
    ]

    @Test(arguments: 0..<2)
    func `a message is signed as openssl signs it`(number: Int) throws {
        let vector = Self.vectors[number]
        let message = WebhookMessage(id: vector.id, body: Array(vector.body.utf8))
        let headers = message.headers(
            at: Date(timeIntervalSince1970: Double(vector.at) + 0.9),
            secrets: [try #require(WebhookSecret(vector.secret))])
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers.map(\.value) == [vector.id, String(vector.at), vector.signature])
    }

    @Test func `while a secret is replaced, both sign`() throws {
        let secrets = try Self.vectors.map { try #require(WebhookSecret($0.secret)) }
        let message = WebhookMessage(id: "msg_1", body: [])
        let both = message.headers(at: Date(timeIntervalSince1970: 1), secrets: secrets)[2].value
        let each = secrets.map { message.headers(at: Date(timeIntervalSince1970: 1), secrets: [$0])[2].value }
        #expect(both == each.joined(separator: " "))
        #expect(each[0] != each[1])
    }

    @Test(arguments: [
        "", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_MDEy", "whsec_not base64 at all, and long enough",
        "whsec_" + String(repeating: "AAAA", count: 22),
    ])
    func `a secret of another form or length is none`(text: String) {
        #expect(WebhookSecret(text) == nil)
    }

    @Test func `a secret never prints itself`() throws {
        let secret = try #require(WebhookSecret(" \(Self.vectors[0].secret)\n"))
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(text.contains("***"))
            #expect(!text.contains("MfKQ") && !text.contains("49"))
        }
    }
}

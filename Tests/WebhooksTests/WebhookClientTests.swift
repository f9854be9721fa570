import CurlHTTP
import FoundationEssentials
import ServerTesting
import Testing

@testable import Webhooks

@Suite struct WebhookClientTests {
    private static let shared = Task { try await PythonServer.start("http_test_server") }

    private func deliver(to path: String) async throws -> WebhookClient.Answer {
        let server = try await Self.shared.value
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let endpoint = WebhookEndpoint(name: "a", url: server.url + path, secrets: [secret])
        return try await WebhookClient().deliver(
            WebhookMessage(id: "msg_1", body: Array("{}".utf8)), to: endpoint, at: Date(timeIntervalSince1970: 0))
    }

    @Test(arguments: [200, 201, 204, 299])
    func `every 2xx is an acceptance`(status: Int) async throws {
        #expect(try await self.deliver(to: "/status?code=\(status)") == .accepted)
    }

    @Test func `410 means that no more is wanted`() async throws {
        #expect(try await self.deliver(to: "/status?code=410") == .gone)
    }

    @Test(arguments: [400, 404, 429, 500, 503])
    func `every other status is a refusal`(status: Int) async throws {
        #expect(
            try await self.deliver(to: "/status?code=\(status)") == .refused(status: status, retryAfter: nil))
    }

    @Test func `a redirect is a refusal and is not followed`() async throws {
        let id = "webhook-redirect"
        #expect(
            try await self.deliver(to: "/redirect?code=307&to=/status%3Fid=\(id)")
                == .refused(status: 307, retryAfter: nil))
        let server = try await Self.shared.value
        let state = try await HTTPClient().execute(
            HTTPClientRequest(url: "\(server.url)/state?key=requests:\(id)"))
        #expect(state.bodyText == "null")
    }

    @Test func `an endless answer is an acceptance, because nobody reads it`() async throws {
        #expect(try await self.deliver(to: "/endless") == .accepted)
    }

    @Test func `a receiver that closes without an answer is an error`() async throws {
        await #expect(throws: HTTPClientError.self) { try await self.deliver(to: "/close-without-answer") }
    }

    @Test func `no connection is made to an address that is refused`() async throws {
        let server = try await Self.shared.value
        var configuration = HTTPClientConfiguration()
        configuration.refusesAddress = { $0 == [127, 0, 0, 1] }
        let error = await #expect(throws: HTTPClientError.self) {
            try await HTTPClient(configuration: configuration).execute(HTTPClientRequest(url: server.url + "/ok"))
        }
        #expect(error?.code == .connectionFailed)
        configuration.refusesAddress = { $0 == [127, 0, 0, 2] }
        let answer = try await HTTPClient(configuration: configuration).execute(
            HTTPClientRequest(url: server.url + "/ok"))
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        ("5", Duration.seconds(5)), ("0", .zero), ("99999", .seconds(3_600)), ("-1", nil), ("soon", nil), ("", nil),
        ("Sun, 06 Nov 1994 08:49:37 GMT", nil), (nil, nil),
    ])
    func `whole seconds are a wish to wait, within an hour`(text: String?, pause: Duration?) {
        #expect(WebhookClient.pause(text) == pause)
    }
}

import CurlHTTP
import ServerTesting
import Testing

@Suite(.timeLimit(.minutes(2))) struct HTTPClientFailureTests {
    private let client = HTTPClient()

    private func code(_ request: HTTPClientRequest) async -> HTTPClientError.Code? {
        await httpError { try await self.client.execute(request) }?.code
    }

    @Test(
        arguments: [
            "", "127.0.0.1:80/x", "//127.0.0.1/", "http://", "http:///path", "file:///etc/passwd", "ftp://127.0.0.1/",
            "http://a b/", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1:99999/",
            "javascript:1",
        ])
    func whatIsNoHTTPAddressIsRefused(url: String) async {
        #expect(await self.code(.init(url: url)) == .malformedURL)
    }

    @Test func aClosedPortIsAFailedConnection() async {
        let error = await httpError { try await self.client.execute(.init(url: "http://127.0.0.1:1/x")) }
        #expect(error?.code == .connectionFailed)
        #expect(error?.isTransient == true)
    }

    @Test func anUnknownHostIsNotResolved() async {
        #expect(await self.code(.init(url: "http://no-such-host.invalid/")) == .nameNotResolved)
    }

    @Test(arguments: ["reset", "reset-middle", "close-middle", "close-without-answer"])
    func aBrokenConnectionIsLost(page: String) async throws {
        #expect(await self.code(.init(url: "\(try await TestServer.url)/\(page)")) == .connectionLost)
    }

    @Test(arguments: ["garbage", "bad-status"])
    func whatIsNotHTTPIsAProtocolViolation(page: String) async throws {
        #expect(await self.code(.init(url: "\(try await TestServer.url)/\(page)")) == .protocolViolation)
    }

    @Test(arguments: ["slow-head?ms=5000", "half-open", "drip?count=1000&ms=20", "silent"])
    func theWholeExchangeHasADeadline(page: String) async throws {
        // Each page takes seconds, and would end in another way than by a deadline.
        let request = HTTPClientRequest(url: "\(try await TestServer.url)/\(page)", timeout: .milliseconds(200))
        #expect(await self.code(request) == .timeout)
    }

    @Test(arguments: ["slow-head?ms=5000", "half-open", "silent"])
    func silenceHasADeadline(page: String) async throws {
        let request = HTTPClientRequest(
            url: "\(try await TestServer.url)/\(page)", timeout: nil, idleTimeout: .milliseconds(150))
        #expect(await self.code(request) == .timeout)
    }

    @Test func aSlowButLivelyBodyIsNotSilent() async throws {
        let response = try await self.client.execute(
            .init(url: "\(TestServer.url)/drip?count=30&ms=20", timeout: nil, idleTimeout: .milliseconds(400)))
        #expect(response.body.count == 30)
    }

    @Test func connectingHasADeadline() async {
        // An address of TEST-NET-1 (RFC 5737): nobody answers, or the network refuses at once.
        let code = await self.code(.init(url: "http://192.0.2.1/", connectTimeout: .milliseconds(200)))
        #expect(code == .timeout || code == .connectionFailed)
    }

    @Test(arguments: ["big?bytes=1001", "big-chunked?bytes=1001", "gzip?bytes=100000000"])
    func anOversizeBodyIsRefused(page: String) async throws {
        let request = HTTPClientRequest(
            url: "\(try await TestServer.url)/\(page)", maximumResponseBytes: 1000, decompresses: true)
        #expect(await self.code(request) == .tooLarge)
    }

    @Test(arguments: ["big?bytes=1000", "big-chunked?bytes=1000", "gzip?bytes=1000"])
    func aBodyOfExactlyTheLimitIsTaken(page: String) async throws {
        let response = try await self.client.execute(
            .init(url: "\(TestServer.url)/\(page)", maximumResponseBytes: 1000, decompresses: true))
        #expect(response.body.count == 1000)
    }

    @Test func compressionIsLeftAloneUnlessAskedFor() async throws {
        let url = try await TestServer.url
        #expect(try await self.client.execute(.init(url: "\(url)/gzip?bytes=1000")).status == 406)
        let forced = try await self.client.execute(.init(url: "\(url)/gzip?bytes=100000&force=1"))
        #expect(forced.body.starts(with: [0x1F, 0x8B]))
    }

    @Test func anOversizeHeadIsRefused() async throws {
        let url = try await TestServer.url
        #expect(await self.code(.init(url: "\(url)/big-head?bytes=80000")) == .tooLarge)
        #expect(try await self.client.execute(.init(url: "\(url)/big-head?bytes=40000")).status == 200)
    }

    @Test func cancellingTheTaskAbortsTheTransferAtOnce() async throws {
        let url = try await TestServer.url
        let task = Task { await self.code(.init(url: "\(url)/half-open?id=cancel")) }
        #expect(try await eventually { try await TestServer.state("asked:cancel", as: Bool.self) == true })
        task.cancel()
        #expect(await task.value == .cancelled)
        #expect(try await eventually { try await TestServer.state("closed:cancel", as: Bool.self) == true })
    }

    @Test func aCancelledTaskDoesNotEvenAsk() async throws {
        let url = try await TestServer.url
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await self.code(.init(url: "\(url)/half-open"))
        }
        #expect(await task.value == .cancelled)
    }

    @Test func errorsNameTheAddressAndNoSecrets() async throws {
        let secrets = ["alice", "hunter2", "s3cret", "body-text", "tok3n"]
        for url in [
            "http://alice:hunter2@127.0.0.1:1/path?key=s3cret#tok3n",
            "http://alice:hunter2@no-such-host.invalid/path?s3cret",
            "ftp://alice:hunter2@127.0.0.1/path?s3cret", "http://alice:hunt/er2@127.0.0.1:1/s3cret@x?s3cret",
            "s3cret:hunter2://127.0.0.1", "http://alice:hunter2@127.0.0.1:99999/path?s3cret",
        ] {
            let error = await httpError {
                try await self.client.execute(
                    .init(
                        method: "POST", url: url, headers: [("Authorization", "tok3n")], body: Array("body-text".utf8)))
            }
            let text = String(reflecting: try #require(error))
            for secret in secrets { #expect(!text.contains(secret), "\(text)") }
        }
        let error = await httpError { try await self.client.execute(.init(url: "http://127.0.0.1:1/path?key=s3cret")) }
        #expect(error?.message.hasPrefix("GET http://127.0.0.1:1/path: ") == true)
    }

    @Test func aPrintedRequestShowsNoSecrets() {
        let request = HTTPClientRequest(
            url: "https://u:hunter2@example.org/a?b=s3cret", headers: [("Authorization", "tok3n")],
            body: Array("x".utf8))
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] {
            #expect(text.contains("GET https://example.org/a"))
            for secret in ["hunter2", "s3cret", "tok3n"] { #expect(!text.contains(secret)) }
        }
    }
}

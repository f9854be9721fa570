import CurlHTTP
import ServerTesting
import Testing

@Suite struct HTTPClientTests {
    private let client = HTTPClient()

    @Test func anAnswerComesWithStatusHeadersAndBody() async throws {
        let response = try await self.client.execute(.init(url: "\(TestServer.url)/ok"))
        #expect(response.status == 200)
        #expect(response.bodyText == "hello")
        #expect(response.headers.first("CONTENT-TYPE") == "text/plain")
        #expect(response.headers.all("x-greeting") == ["one", "two"])
    }

    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
    func theMethodArrivesAsGiven(method: String) async throws {
        let echo = try Echo(await self.client.execute(.init(method: method, url: "\(TestServer.url)/echo")))
        #expect(echo.method == method)
        #expect(echo.length == 0)
        #expect(echo.headers["content-type"] == nil)
        #expect(echo.headers["expect"] == nil)
    }

    @Test func aHeadRequestHasNoBody() async throws {
        let response = try await self.client.execute(
            .init(method: "HEAD", url: "\(TestServer.url)/big?bytes=0", maximumResponseBytes: 1))
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
    }

    @Test(arguments: ["POST", "PUT", "DELETE"])
    func aLargeBodyArrivesWhole(method: String) async throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let echo = try Echo(await self.client.execute(.init(method: method, url: "\(TestServer.url)/echo", body: body)))
        #expect(echo.method == method)
        #expect(echo.length == body.count)
    }

    @Test func headersArriveAsGiven() async throws {
        let echo = try Echo(
            await self.client.execute(
                .init(
                    url: "\(TestServer.url)/echo",
                    headers: [("Authorization", "Bearer abc"), ("X-Empty", ""), ("Accept", "text/plain")])))
        #expect(echo.headers["authorization"] == "Bearer abc")
        #expect(echo.headers["x-empty"] == "")
        #expect(echo.headers["accept"] == "text/plain")
        #expect(echo.headers["user-agent"] == "lectern/1")
    }

    @Test(arguments: [("X-A", "b\r\nX-C: d"), ("X-A", "b\nc"), ("X-A", "b\0"), ("X A", "b"), ("X-A:", "b"), ("", "b")])
    func aHeaderCannotSmuggleInAnother(name: String, value: String) async throws {
        let url = try await TestServer.url
        let error = await httpError { try await self.client.execute(.init(url: "\(url)/ok", headers: [(name, value)])) }
        #expect(error?.code == .invalidRequest)
    }

    @Test func aMethodCannotSmuggleInARequest() async throws {
        let url = try await TestServer.url
        let error = await httpError {
            try await self.client.execute(.init(method: "GET / HTTP/1.1\r\n\r\nGET", url: url))
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func anErrorStatusIsAnAnswer() async throws {
        let response = try await self.client.execute(.init(url: "\(TestServer.url)/status?code=503"))
        #expect(response.status == 503)
        #expect(response.bodyText == "body of the status")
    }

    @Test func oneAfterAnotherShareAConnection() async throws {
        var connections: Set<Int> = []
        for _ in 0..<20 {
            connections.insert(try Echo(await self.client.execute(.init(url: "\(TestServer.url)/echo"))).connection)
        }
        #expect(connections.count == 1)
    }

    @Test func manyAtATimeStayWithinTheConnectionLimit() async throws {
        var configuration = HTTPClientConfiguration()
        configuration.maximumConnectionsPerHost = 4
        let client = HTTPClient(configuration: configuration)
        let url = try await TestServer.url
        let connections = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask { try Echo(await client.execute(.init(url: "\(url)/echo"))).connection }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(connections.count <= 4)
    }

    @Test func interimAnswersArePassedOver() async throws {
        let response = try await self.client.execute(.init(url: "\(TestServer.url)/interim"))
        #expect(response.status == 200)
        #expect(response.headers.first("link") == nil)
        #expect(response.bodyText == "final")
    }

    @Test func fieldsAfterTheBodyAreNoHeaders() async throws {
        let response = try await self.client.execute(.init(url: "\(TestServer.url)/trailer"))
        #expect(response.bodyText == "body")
        #expect(response.headers.first("x-trailer") == nil)
    }

    @Test func redirectsAreAnswersUnlessAskedFor() async throws {
        let response = try await self.client.execute(.init(url: "\(TestServer.url)/redirect?to=/ok"))
        #expect(response.status == 302)
        #expect(response.headers.first("location") == "/ok")
    }

    @Test func askedForRedirectsAreFollowed() async throws {
        let url = try await TestServer.url
        let response = try await self.client.execute(.init(url: "\(url)/redirect?to=/ok", maximumRedirects: 2))
        #expect(response.bodyText == "hello")
        let streamed = try await self.client.withStream(.init(url: "\(url)/redirect?to=/ok", maximumRedirects: 2)) {
            try await $0.collect(maximumBytes: 100)
        }
        #expect(streamed == Array("hello".utf8))
    }

    @Test func redirectsEndAtTheirLimitWithTheLastAnswer() async throws {
        let response = try await self.client.execute(.init(url: "\(TestServer.url)/loop", maximumRedirects: 5))
        #expect(response.status == 302)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1/"])
    func noRedirectLeavesHTTP(target: String) async throws {
        let url = try await TestServer.url
        let error = await httpError {
            try await self.client.execute(.init(url: "\(url)/redirect?to=\(target)", maximumRedirects: 2))
        }
        #expect(error?.code == .malformedURL)
    }

    @Test func anotherOriginGetsNoCredentials() async throws {
        let other = try await PythonServer.start("http_test_server")
        let echo = try Echo(
            await self.client.execute(
                .init(
                    url: "\(TestServer.url)/redirect?to=\(other.url)/echo",
                    headers: [("Authorization", "Bearer abc"), ("X-API-Key", "k"), ("Accept", "a/b")],
                    maximumRedirects: 1)))
        #expect(echo.headers["authorization"] == nil)
        #expect(echo.headers["x-api-key"] == nil)
        #expect(echo.headers["accept"] == "a/b")
    }

    @Test func aPostIsNotSentTwiceOverADeadConnection() async throws {
        let url = try await TestServer.url
        #expect(try await self.client.execute(.init(url: "\(url)/doom")).bodyText == "doomed")
        let error = await httpError {
            try await self.client.execute(.init(method: "POST", url: "\(url)/echo?id=doomed-post", body: [1, 2, 3]))
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.isTransient == true)
        #expect(try await TestServer.state("requests:doomed-post", as: Int.self) == 1)
    }

    @Test func aGetIsSentAgainOverAFreshConnection() async throws {
        let url = try await TestServer.url
        #expect(try await self.client.execute(.init(url: "\(url)/doom")).bodyText == "doomed")
        #expect(try await self.client.execute(.init(url: "\(url)/ok?id=doomed-get")).bodyText == "hello")
        #expect(try await TestServer.state("requests:doomed-get", as: Int.self) == 2)
    }

    @Test func aClosedClientRefusesAndEndsWhatIsUnderWay() async throws {
        let client = HTTPClient()
        let url = try await TestServer.url
        async let waiting = httpError { try await client.execute(.init(url: "\(url)/half-open?id=close")) }
        #expect(try await eventually { try await TestServer.state("asked:close", as: Bool.self) == true })
        client.close()
        #expect(await waiting?.code == .clientClosed)
        #expect(await httpError { try await client.execute(.init(url: "\(url)/ok")) }?.code == .clientClosed)
    }
}

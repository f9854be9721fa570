import Testing

@testable import CurlHTTP

@Suite struct HTTPURLTests {
    @Test(
        arguments: [
            ("http://localhost:8000/", true), ("http://LOCALHOST/", true), ("http://a.localhost/", true),
            ("http://127.0.0.1/", true), ("http://127.9.9.9:1/", true), ("http://[::1]:8000/", true),
            ("http://127.0.0.1.example.org/", false), ("http://localhost.example.org/", false),
            ("http://example.org/127.0.0.1", false), ("http://10.0.0.1/", false),
        ])
    func onlyThisMachineIsLoopback(url: String, isLoopback: Bool) throws {
        #expect(try HTTPURL(url).isLoopback == isLoopback)
    }

    @Test func originsCompareWithTheirDefaultPorts() throws {
        let base = try HTTPURL("https://Example.org/a")
        #expect(base.hasSameOrigin(as: try HTTPURL("https://example.org:443/b?c")))
        #expect(!base.hasSameOrigin(as: try HTTPURL("http://example.org/a")))
        #expect(!base.hasSameOrigin(as: try HTTPURL("https://example.org:444/a")))
        #expect(!base.hasSameOrigin(as: try HTTPURL("https://example.org.evil.test/a")))
    }

    @Test(arguments: [("c", "http://h/a/c"), ("/c", "http://h/c"), ("//g/c", "http://g/c"), ("?q", "http://h/a/b?q")])
    func relativeReferencesAreResolved(reference: String, url: String) throws {
        #expect(try HTTPURL(reference, relativeTo: HTTPURL("http://h/a/b")).text == url)
    }

    @Test func aRedirectToLessSecurityIsRefused() throws {
        let request = HTTPClientRequest(url: "https://h/a", maximumRedirects: 1)
        let headers = HTTPClientHeaders([("Location", "http://h/b")])
        #expect(throws: HTTPClientError.self) {
            try Redirect.next(after: request, at: HTTPURL(request.url), status: 301, headers: headers)
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE"])
    func onlyReadsFollowRedirects(method: String) throws {
        let request = HTTPClientRequest(method: method, url: "http://h/a", maximumRedirects: 1)
        let headers = HTTPClientHeaders([("Location", "/b")])
        #expect(try Redirect.next(after: request, at: HTTPURL(request.url), status: 307, headers: headers) == nil)
    }

    @Test(arguments: [
        (Duration.zero, 1), (.nanoseconds(1), 1), (.milliseconds(1500), 1500), (.seconds(1 << 40), 2_147_483_647),
    ])
    func durationsRoundUpAndNeverMeanNoLimit(duration: Duration, milliseconds: Int) {
        #expect(duration.curlMilliseconds == milliseconds)
    }
}

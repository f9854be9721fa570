import CurlHTTP
import FoundationEssentials
import ServerTesting
import Testing
import TraceContext

@Suite struct TraceTests {
    private let client = HTTPClient()
    private let span = SpanContext(
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", state: ["vendor=1"])

    @Test func aRequestCarriesTheTraceOfItsTask() async throws {
        let span = try #require(self.span)
        let url = try await TestServer.url
        let (whole, streamed) = try await SpanContext.$current.withValue(span) {
            let whole = try Echo(await self.client.execute(.init(url: "\(url)/echo")))
            let body = try await self.client.withStream(.init(url: "\(url)/echo")) {
                try await $0.collect(maximumBytes: 100_000)
            }
            return (whole, try JSONDecoder().decode(Echo.self, from: Data(body)))
        }
        for echo in [whole, streamed] {
            #expect(echo.headers["traceparent"] == span.traceparent)
            #expect(echo.headers["tracestate"] == "vendor=1")
        }
    }

    @Test func aRequestOutsideOfATraceCarriesNone() async throws {
        let echo = try Echo(await self.client.execute(.init(url: "\(TestServer.url)/echo")))
        #expect(echo.headers["traceparent"] == nil)
        #expect(echo.headers["tracestate"] == nil)
    }

    @Test func aTraceparentOfTheCallersOwnStays() async throws {
        let url = try await TestServer.url
        let echo = try await SpanContext.$current.withValue(self.span) {
            try Echo(await self.client.execute(.init(url: "\(url)/echo", headers: [("TraceParent", "own")])))
        }
        #expect(echo.headers["traceparent"] == "own")
        #expect(echo.headers["tracestate"] == nil)
    }
}

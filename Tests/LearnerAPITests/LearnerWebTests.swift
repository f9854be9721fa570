import CurlHTTP
import Synchronization
import Testing

@Suite struct LearnerWebTests {
    private static let html = [(name: "Accept", value: "text/html,application/xhtml+xml")]

    @Test func theContentsListEveryLessonAndEscapeWhatAuthorsWrote() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.send("GET", "/book", headers: Self.html)
            #expect(page.status == 200)
            #expect(page.headers.first("Content-Type") == "text/html; charset=utf-8")
            #expect(page.text.contains("A Test Book</bdi></h1>"))
            #expect(page.text.contains("Part 1: </span><bdi lang=\"en\">First &lt;Part&gt;</bdi>"))
            #expect(page.text.contains("weeks 1–2"))
            #expect(page.text.contains("href=\"/lessons/ch01-one\""))
            #expect(page.text.contains("href=\"/lessons/01-what-is/embodiment\""))
            let policy = try #require(page.headers.first("Content-Security-Policy"))
            #expect(policy.contains("default-src 'none'"))
            #expect(!policy.contains("unsafe"))
            for inline in ["<script>", "<style", "style=", "onclick"] { #expect(!page.text.contains(inline)) }
            let tag = try #require(page.headers.first("ETag"))
            #expect(page.headers.first("Cache-Control") == "private, no-cache")
            #expect(page.headers.first("Vary") == "Cookie, Accept-Language, Accept")
            #expect(try await server.send("GET", "/book", headers: [("If-None-Match", tag)]).status == 304)
            let head = try await server.send("HEAD", "/book")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
        }
    }

    @Test func aLessonIsReadableWithoutScripts() async throws {
        try await WebFixture.run { _, server in
            for path in ["/lessons/ch01-one", "/lessons/01-what-is/embodiment", "/lessons/01-what-is%2Fembodiment"] {
                let page = try await server.send("GET", path, headers: Self.html)
                #expect(page.status == 200)
                #expect(page.text.contains("<em>marks</em>"))
                #expect(!page.text.contains("title: One"))
                #expect(!page.text.contains("<script>"))
            }
            let first = try await server.send("GET", "/lessons/ch01-one")
            #expect(first.text.contains("<a rel=\"next\" href=\"/lessons/01-what-is/embodiment\">"))
            #expect(!first.text.contains("rel=\"prev\""))
        }
    }

    @Test func errorsArePagesForPeopleAndProblemsForPrograms() async throws {
        try await WebFixture.run { fixture, server in
            for path in [
                "/lessons/none", "/lessons/%2e%2e", "/lessons/%00", "/lessons/%zz", "/nothing", "/assets/none",
            ] {
                let page = try await server.send("GET", path, headers: Self.html)
                #expect(page.status == 404, "\(path)")
                #expect(page.text.contains("<h1>Not found</h1>"), "\(path)")
                let problem = try await server.send("GET", path)
                #expect(problem["error"]?.text == "not_found", "\(path)")
            }
            let api = try await server.send("GET", "/api/nothing", headers: Self.html)
            #expect(api.headers.first("Content-Type") == "application/problem+json")
            let post = try await server.send("POST", "/book", headers: Self.html, json: "{}")
            #expect(post.status == 405)
            #expect(post.headers.first("Allow") == "GET, HEAD")

            fixture.bucket.mode.withLock { $0 = .away }
            let away = try await server.send("GET", "/lessons/ch01-one", headers: Self.html)
            #expect(away.status == 503)
            #expect(away.headers.first("Retry-After") == "5")
            #expect(away.text.contains("<h1>Storage unavailable</h1>"))
            #expect(!away.text.contains("secret-host"))
        }
    }

    @Test func theStylesheetIsServedWithATag() async throws {
        try await WebFixture.run { _, server in
            let sheet = try await server.send("GET", "/assets/lectern.css")
            #expect(sheet.status == 200)
            #expect(sheet.headers.first("Content-Type") == "text/css; charset=utf-8")
            #expect(sheet.text.contains("prefers-color-scheme:dark"))
            let tag = try #require(sheet.headers.first("ETag"))
            let again = try await server.send("GET", "/assets/lectern.css", headers: [("If-None-Match", tag)])
            #expect(again.status == 304)
        }
    }
}

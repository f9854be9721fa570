import CurlHTTP
import Foundation
import Learners
import Synchronization
import Testing

@testable import LearnerAPI

@Suite struct ContentAPITests {
    @Test func theBookIsOneTreeWithATag() async throws {
        try await APIFixture.run { _, server in
            let book = try await server.send("GET", "/api/content/book")
            #expect(book.status == 200)
            #expect(book["slug"]?.text == "test")
            #expect(book["parts", 0, "chapters", 0, "lessons", 1, "slug"]?.text == APIFixture.slashedSlug)
            #expect(book["parts", 0, "chapters", 0, "lessons", 0, "object_key"] == nil)
            #expect(book.headers.first("Cache-Control") == "public, max-age=60, stale-while-revalidate=600")
            let tag = try #require(book.headers.first("ETag"))
            let again = try await server.send("GET", "/api/content/book", headers: [("If-None-Match", tag)])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            #expect(again.headers.first("ETag") == tag)
            let head = try await server.send("HEAD", "/api/content/book")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
        }
    }

    @Test func partsAndChaptersAreFoundByNumber() async throws {
        try await APIFixture.run { _, server in
            #expect(try await server.send("GET", "/api/content/parts")["parts", 0, "number"] == .number(1))
            #expect(try await server.send("GET", "/api/content/parts/1")["title"]?.text == "First <Part>")
            #expect(try await server.send("GET", "/api/content/chapters/1")["title"]?.text == "First Chapter")
            for path in ["parts/2", "parts/0", "parts/-1", "parts/x", "chapters/99999999999999999999", "chapters/%00"] {
                let answer = try await server.send("GET", "/api/content/\(path)")
                #expect(answer.status == 404, "\(path)")
                #expect(answer["error"]?.text == "not_found")
            }
        }
    }

    @Test func aLessonAndItsTextAreFoundBySlug() async throws {
        try await APIFixture.run { _, server in
            for slug in ["ch01-one", "01-what-is/embodiment", "01-what-is%2Fembodiment"] {
                let lesson = try await server.send("GET", "/api/content/lessons/\(slug)")
                #expect(lesson.status == 200)
                #expect(lesson["slug"]?.text == slug.replacingOccurrences(of: "%2F", with: "/"))
                #expect(lesson["content"] == nil)

                let content = try await server.send("GET", "/api/content/lessons/\(slug)/content")
                #expect(content.status == 200)
                #expect(content["content"]?.text == APIFixture.text)
                #expect(content["content_hash"]?.text == APIFixture.hash)
                #expect(content.headers.first("ETag") == "\"\(APIFixture.hash)\"")
                #expect(content.headers.first("Vary") == "Accept")

                let markdown = try await server.send(
                    "GET", "/api/content/lessons/\(slug)/content", headers: [("Accept", "text/markdown")])
                #expect(markdown.text == APIFixture.text)
                #expect(markdown.headers.first("Content-Type") == "text/markdown; charset=utf-8")
            }
        }
    }

    @Test func anOutageOfTheStorageIsA503AndThoseWhoHaveTheTextDoNotNoticeIt() async throws {
        try await APIFixture.run { fixture, server in
            fixture.bucket.mode.withLock { $0 = .away }
            let path = "/api/content/lessons/ch01-one/content"
            let away = try await server.send("GET", path)
            #expect(away.status == 503)
            #expect(away["error"]?.text == "storage_unavailable")
            #expect(away.headers.first("Retry-After") == "5")
            #expect(!away.text.contains("secret-host"))
            let tag = "\"\(APIFixture.hash)\""
            #expect(try await server.send("GET", path, headers: [("If-None-Match", tag)]).status == 304)
            fixture.bucket.mode.withLock { $0 = .working }
            #expect(try await server.send("GET", path).status == 200)
            fixture.bucket.mode.withLock { $0 = .away }
            #expect(try await server.send("GET", path).status == 200)
        }
    }

    @Test func aHostileSlugIsSimplyNotFound() async throws {
        let slugs = [
            "nowhere", "%2e%2e", "%2e%2e/x", "a%00b", "a%0Ab", "a//b", "a%5Cb", "'%3B--", "%25s", "%F0%9F%98%80",
            String(repeating: "a", count: 4_000),
        ]
        try await APIFixture.run { _, server in
            for path in slugs.flatMap({ [$0, $0 + "/content"] }) {
                let answer = try await server.send("GET", "/api/content/lessons/\(path)")
                #expect(answer.status == 404, "\(path.prefix(40))")
                #expect(answer["error"]?.text == "unknown_lesson")
                #expect(answer["detail"]?.text?.isEmpty == false)
            }
        }
    }

    @Test func aSearchAnswersWithChunksAndSaysWhenOnlyWordsWereCompared() async throws {
        try await APIFixture.run { fixture, server in
            let found = try await server.send(
                "POST", "/api/search", json: #"{"query":"first","limit":5,"filters":{"part":1,"type":"lesson"}}"#)
            #expect(found.status == 200)
            #expect(found.list("results", "lesson_slug") == ["ch01-one"])
            #expect(found["results", 0, "section_title"]?.text == "One")
            #expect(found["results", 0, "chunk_index"] == .number(0))
            #expect(found["results", 0, "text"]?.text == "The first lesson")
            #expect(found["results", 0, "score"] == .number(1))
            #expect(found["results", 0, "lesson_title"]?.text == "One")
            #expect(found["results", 0, "section_anchor"]?.text == "one")
            #expect(found["results", 0, "highlights", 0, "text"]?.text == "The first lesson")
            #expect(found["results", 0, "highlights", 0, "matches", 0, "start"] == .number(4))
            #expect(found["degraded"] == .bool(false))

            fixture.vectors.isAway.withLock { $0 = true }
            let away = try await server.send("POST", "/api/search", json: #"{"query":"frist"}"#)
            #expect(away.status == 200)
            #expect(away["degraded"] == .bool(true))
            #expect(away["did_you_mean"]?.text == "first")
            #expect(!away.text.contains("secret-host"))
        }
    }

    @Test func aSearchThatCannotBeReadNamesEveryBadField() async throws {
        let searches = [
            ("{}", ["/query"]), (#"{"query":"  "}"#, ["/query"]), (#"{"query":7,"limit":"x"}"#, ["/query", "/limit"]),
            (#"{"query":"a","limit":0}"#, ["/limit"]), (#"{"query":"a","limit":51}"#, ["/limit"]),
            (#"{"query":"a","limit":1.5}"#, ["/limit"]), (#"{"query":"a","filters":[]}"#, ["/filters"]),
            (
                #"{"query":"a","filters":{"type":"x","part":"1","other":1}}"#,
                ["/filters/type", "/filters/part", "/filters/other"]
            ),
            (#"{"query":"a","filters":{"lesson_slug":"../x"}}"#, ["/filters/lesson_slug"]),
            (#"{"query":"a","q/~":1}"#, ["/q~1~0"]),
        ]
        try await APIFixture.run { _, server in
            for (json, pointers) in searches {
                let answer = try await server.send("POST", "/api/search", json: json)
                #expect(answer.status == 422, "\(json)")
                #expect(Set(answer.list("errors", "pointer")) == Set(pointers))
            }
        }
    }
}

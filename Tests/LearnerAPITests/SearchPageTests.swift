import Synchronization
import Testing

@testable import LearnerWeb
@testable import SemanticIndex

@Suite struct SearchPageTests {
    @Test func whatIsFoundStandsByLessonWithTheWordsMarked() async throws {
        try await WebFixture.run { _, server in
            let blank = try await server.open("/search")
            #expect(blank.status == 200)
            #expect(blank.text.contains("Ask in your own words"))
            #expect(!blank.text.contains("aria-invalid"))

            let page = try await server.open("/search?q=first+%22lesson%22&other=1")
            #expect(page.status == 200)
            #expect(page.text.contains("value=\"first &quot;lesson&quot;\""))
            #expect(page.text.contains("<h2><a href=\"/lessons/ch01-one\"><bdi lang=\"en\">One</bdi></a></h2>"))
            #expect(page.text.contains("<a href=\"/lessons/ch01-one#one\">"))
            #expect(page.text.contains("The <mark>first</mark> <mark>lesson</mark></p>"))
            #expect(page.text.contains("First Chapter"))
            #expect(!page.text.contains("Only words were compared"))
        }
    }

    @Test func withTheVectorsAwayThePageSaysThatOnlyWordsWereCompared() async throws {
        try await WebFixture.run { fixture, server in
            fixture.vectors.isAway.withLock { $0 = true }
            let page = try await server.open("/search?q=first")
            #expect(page.text.contains("Only words were compared"))
            #expect(page.text.contains("<mark>first</mark>"))
            let misspelt = try await server.open("/search?q=frist")
            #expect(misspelt.text.contains("<a href=\"/search?q=first\"><bdi lang=\"en\">first</bdi></a>"))
            let nothing = try await server.open("/search?q=zzzz")
            #expect(nothing.status == 200)
            #expect(nothing.text.contains("Nothing was found for:"))
        }
    }

    @Test func whatIsWrongWithAQueryStandsBesideIt() async throws {
        try await WebFixture.run { _, server in
            for query in ["", "+%20", "%00", "%zz", String(repeating: "x", count: 1_001)] {
                let page = try await server.open("/search?q=\(query)")
                #expect(page.status == 422, "\(query)")
                #expect(page.text.contains("aria-describedby=\"q-error\""), "\(query)")
                #expect(page.text.contains("id=\"q-error\""), "\(query)")
            }
            let hostile = try await server.open("/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
            #expect(!hostile.text.contains("<script>alert"))
        }
    }

    @Test func withTheDatabaseAwayTheSearchSaysSoAndOffersARetry() async throws {
        try await WebFixture.withoutDatabase { server in
            let page = try await server.open("/search?q=two+words")
            #expect(page.status == 503)
            #expect(page.text.contains("The search does not answer"))
            #expect(page.text.contains("href=\"/search?q=two%20words\""))
            let urdu = try await server.open("/search?q=x", headers: [("Accept-Language", "ur")])
            #expect(urdu.text.contains("dir=\"rtl\""))
        }
    }

    @Test(arguments: [
        ("## The *robot* arm", "robot", ["The ", "[robot]", " arm"]),
        ("see [the robot](/x \"t\") and\n> `robot`", "robot", ["see the ", "[robot]", " and ", "[robot]"]),
        ("| robot | 3 |\n|---|---|", "robot", ["[robot]", " 3 "]),
        ("روبوٹ 🤖 **چلتا** ہے", "چلتا", ["روبوٹ 🤖 ", "[چلتا]", " ہے"]),
    ]) func aSnippetIsTextWithoutMarks(_ text: String, _ word: String, _ expected: [String]) {
        var matches: [SearchHighlight.Match] = []
        for range in text.ranges(of: word) {
            let start = text.utf16.distance(from: text.startIndex, to: range.lowerBound)
            matches.append(.init(start: start, end: start + word.utf16.count))
        }
        let pieces = SearchSnippet.pieces(of: SearchHighlight(text: text, matches: matches))
        #expect(pieces.map { $0.isMatch ? "[\($0.text)]" : $0.text } == expected)
    }
}

import Postgres
import Testing

@Suite struct HomePageTests {
    @Test func somebodyUnknownIsToldWhatThisIs() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.open("/")
            #expect(page.text.contains("<h1>A book that is written for you</h1>"))
            #expect(page.text.contains("href=\"/onboarding\""))
            #expect(page.text.contains("href=\"/book\""))
            #expect(page.text.contains("href=\"/lessons/ch01-one\""))
            #expect(page.text.contains("A Test Book"))
        }
    }

    @Test func aLearnerFindsRecommendationsWithTheirReasons() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let api = try await server.send("GET", "/api/progress/recommendations", user: id)
            let reason = try #require(api["recommendations", 0, "reason"]?.text)
            let page = try await server.open("/", as: id)
            #expect(page.status == 200)
            #expect(page.text.contains("Recommended for you"))
            #expect(page.text.contains("data-recommended=\"ch01-one\""))
            #expect(page.text.contains("<p class=\"reason\">\(reason)</p>"))
            #expect(page.text.contains("0 of 2 lessons completed"))
            #expect(!page.text.contains("Continue where you were"))
            #expect(page.text.contains("/assets/home.js"))
        }
    }

    @Test func aLessonThatWasBegunComesFirstAndOnlyThere() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send("POST", "/api/progress/lessons/ch01-one/start", user: id)
            _ = try await server.send(
                "PUT", "/api/progress/lessons/ch01-one/time", user: id, json: #"{"time_spent_seconds":120}"#)
            let page = try await server.open("/", as: id)
            #expect(page.text.contains("Continue where you were"))
            #expect(page.text.contains("about 3 min left"))
            #expect(!page.text.contains("data-recommended=\"ch01-one\""))
        }
    }

    @Test func whoHasReadEverythingIsToldSo() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            for slug in [APIFixture.slug, APIFixture.slashedSlug] {
                _ = try await server.send("POST", "/api/progress/lessons/\(slug)/complete", user: id)
            }
            let page = try await server.open("/", as: id)
            #expect(page.text.contains("You have completed the whole book."))
            #expect(page.text.contains("2 of 2 lessons completed"))
            #expect(page.text.contains("value=\"100\""))
            #expect(!page.text.contains("Recommended for you"))
        }
    }

    @Test func aLearnerWithoutAnswersIsAskedForThem() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server, onboarded: false)
            let page = try await server.open("/", as: id)
            #expect(page.text.contains("Six questions, and the book is written for you"))
            #expect(!page.text.contains("Recommended for you"))
        }
    }

    @Test func inUrduReasonsAndWordsAreInUrdu() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send(
                "PUT", "/api/user/preferences", user: id, json: #"{"preferred_language":"ur"}"#)
            let api = try await server.send("GET", "/api/progress/recommendations", user: id)
            let reason = try #require(api["recommendations", 0, "reason"]?.text)
            let page = try await server.open("/", as: id, headers: [("Accept-Language", "en")])
            #expect(page.text.contains("<html lang=\"ur\" dir=\"rtl\">"))
            #expect(page.text.contains("آپ کے لیے تجویز کردہ"))
            #expect(page.text.contains(reason))
            #expect(page.text.contains("<bdi lang=\"en\">One</bdi>"))
        }
    }

    @Test func withNothingPublishedThePageSaysSo() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await fixture.database.execute("UPDATE lectern.book SET active_release = NULL")
            let page = try await server.open("/", as: id)
            #expect(page.status == 200)
            #expect(page.text.contains("Nothing has been published yet."))
            #expect(try await server.open("/").status == 200)
        }
    }

    @Test func aStrangersIDShowsNothingOfAnybody() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send("POST", "/api/progress/lessons/ch01-one/start", user: id)
            let page = try await server.open("/", as: "7d8f3c1e-2b4a-4c6d-8e9f-0a1b2c3d4e5f")
            #expect(page.text.contains("A book that is written for you"))
            #expect(!page.text.contains("Continue where you were"))
        }
    }
}

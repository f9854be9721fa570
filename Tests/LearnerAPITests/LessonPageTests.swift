import CurlHTTP
import FoundationEssentials
import LearnerWeb
import Learners
import Postgres
import Synchronization
import Testing

@testable import LearnerAPI

@Suite struct LessonPageTests {
    private static let address = "/lessons/ch01-one"
    private static let visit = [(name: "Sec-Fetch-Dest", value: "document")]
    private static let ask = [(name: "action", value: "personalize")]

    /// The value of an attribute that stands first on the page.
    private func attribute(_ name: String, in text: String) -> String? {
        guard let start = text.firstRange(of: " \(name)=\"") else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }

    @Test func theOriginalComesFirstAndTheTabsAreLinks() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.open(Self.address)
            #expect(page.status == 200)
            #expect(
                page.text.contains(
                    "<a href=\"/lessons/ch01-one?view=original\" aria-current=\"page\">Original</a>"))
            #expect(page.text.contains("<a href=\"/lessons/ch01-one?view=personalized\">Personalized</a>"))
            #expect(page.text.contains("<h1 lang=\"en\" dir=\"ltr\">One</h1>"))
            #expect(page.text.ranges(of: "<h1").count == 1)
            #expect(page.text.contains("About 5 minutes · Layer L1, level A2"))
            #expect(page.text.contains("<a href=\"/book#part-1\">First &lt;Part&gt;</a>"))
            // Nobody is known, so nothing is recorded and nothing can be marked.
            #expect(!page.text.contains(" data-tracked"))
            #expect(!page.text.contains("value=\"complete\""))
            #expect(page.text.utf8.count < 40_000)
        }
    }

    @Test func newcomersInABrowserAreAskedFirstAndEverybodyElseReads() async throws {
        try await WebFixture.run { fixture, server in
            let asked = try await server.open(Self.address, headers: Self.visit)
            #expect(asked.status == 303)
            #expect(asked.headers.first("Location") == "/onboarding?next=/lessons/ch01-one")
            #expect(asked.cookie("lectern_onboarding") == "asked")
            let questions = try await server.open("/onboarding?next=/lessons/ch01-one")
            #expect(questions.text.contains("<a href=\"/lessons/ch01-one?view=original\">"))
            for (path, headers) in [
                (Self.address + "?view=original", Self.visit),
                (Self.address + "?view=personalized", Self.visit),
                (Self.address, Self.visit + [(name: "Cookie", value: "lectern_onboarding=asked")]),
                (Self.address, Self.visit + [(name: "Sec-Purpose", value: "prefetch")]),
                (Self.address, [(name: "Sec-Fetch-Dest", value: "empty")]), (Self.address, []),
            ] {
                #expect(try await server.open(path, headers: headers).status == 200, "\(path) \(headers)")
            }
            let learner = try await fixture.learner(server, onboarded: false)
            #expect(try await server.open(Self.address, as: learner, headers: Self.visit).status == 200)
        }
    }

    @Test func whoHasNotAnsweredIsToldSoAndLedThere() async throws {
        try await WebFixture.run { fixture, server in
            let learner = try await fixture.learner(server, onboarded: false)
            for somebody in [nil, learner] {
                let page = try await server.open(Self.address + "?view=personalized", as: somebody)
                #expect(page.status == 200)
                #expect(page.text.contains("Complete onboarding first"))
                #expect(page.text.contains("href=\"/onboarding?next=/lessons/ch01-one%3Fview%3Dpersonalized\""))
                let sent = try await server.submit(Self.address, Self.ask, as: somebody)
                #expect(sent.status == 303)
                #expect(sent.headers.first("Location") == "/lessons/ch01-one?view=personalized")
            }
            #expect(try await fixture.database.queryOne("SELECT 1 AS one FROM lectern.operation") == nil)
        }
    }

    @Test func aTextIsAskedForWaitedForAndReadWithoutScripts() async throws {
        try await WebFixture.run { fixture, server in
            let learner = try await fixture.learner(server)
            let shown = Self.address + "?view=personalized"
            let before = try await server.open(shown, as: learner)
            #expect(before.text.contains("<input type=\"hidden\" name=\"action\" value=\"personalize\">"))
            let sent = try await server.submit(Self.address, Self.ask, as: learner)
            #expect(sent.status == 303)
            #expect(sent.headers.first("Location") == shown)

            let waiting = try await server.open(shown, as: learner)
            #expect(waiting.status == 200)
            #expect(waiting.text.contains("<noscript><meta http-equiv=\"refresh\" content=\""))
            #expect(waiting.text.contains("Your text is next in line."))
            let operation = try #require(self.attribute("data-operation", in: waiting.text))
            #expect(try await server.send("GET", "/api/operations/\(operation)", user: learner).status == 200)
            #expect(waiting.text.contains("<a href=\"/lessons/ch01-one?view=original\">Read the original</a>"))
            // Sent twice, it is one request.
            _ = try await server.submit(Self.address, Self.ask, as: learner)
            let operations = try await fixture.database.query("SELECT id FROM lectern.operation")
            #expect(operations.count == 1)

            #expect(try await fixture.finishPersonalizations() == 1)
            let ready = try await server.open(shown, as: learner)
            #expect(ready.text.contains("<article id=\"text\" class=\"prose\" lang=\"en\" dir=\"ltr\">"))
            #expect(ready.text.contains("Written for you."))
            #expect(ready.text.contains("<bdi>embedded/test</bdi>"))
            #expect(ready.text.contains("The original is what the author wrote"))
            #expect(!ready.text.contains("http-equiv=\"refresh\""))
            #expect(ready.text.contains("<a rel=\"next\" href=\"/lessons/01-what-is/embodiment?view=personalized\">"))

            let changes = try await server.open(Self.address + "?view=changes", as: learner)
            #expect(changes.status == 200)
            #expect(changes.text.contains("<del><span class=\"unseen\">Removed:</span>"))
            #expect(
                changes.text.contains(
                    "<span class=\"line\" dir=\"auto\">The first lesson, with *marks* and an é.</span>"))
            #expect(changes.text.contains("<span class=\"line\" dir=\"auto\">Written for you.</span>"))
            #expect(changes.headers.first("Cache-Control") == "private, no-cache")
        }
    }

    @Test func aFailureIsToldAndTriedAgain() async throws {
        try await WebFixture.run { fixture, server in
            let learner = try await fixture.learner(server)
            let shown = Self.address + "?view=personalized"
            _ = try await server.submit(Self.address, Self.ask, as: learner)
            _ = try await fixture.finishPersonalizations(state: "failed")
            let failed = try await server.open(shown, as: learner)
            #expect(failed.status == 200)
            #expect(failed.text.contains("Your text could not be written"))
            #expect(failed.text.contains("model_unreachable"))
            #expect(failed.text.contains("name=\"action\" value=\"retry\""))
            _ = try await server.submit(Self.address, [(name: "action", value: "retry")], as: learner)
            #expect(try await server.open(shown, as: learner).text.contains("data-operation="))
        }
    }

    @Test func anUrduTextRunsFromRightToLeft() async throws {
        try await WebFixture.run { fixture, server in
            let learner = try await fixture.learner(server)
            _ = try await server.send(
                "PUT", "/api/user/preferences", user: learner, json: "{\"preferred_language\":\"ur\"}")
            _ = try await server.submit(Self.address, Self.ask, as: learner)
            _ = try await fixture.finishPersonalizations()
            let page = try await server.open(Self.address + "?view=personalized", as: learner)
            #expect(page.text.contains("<html lang=\"ur\" dir=\"rtl\">"))
            #expect(page.text.contains("<article id=\"text\" class=\"prose\" lang=\"ur\" dir=\"rtl\">"))
            let original = try await server.open(Self.address, as: learner)
            #expect(original.text.contains("<article id=\"text\" class=\"prose\" lang=\"en\" dir=\"ltr\">"))
        }
    }

    @Test func openingBeginsALessonAndTheButtonCompletesIt() async throws {
        try await WebFixture.run { fixture, server in
            let learner = try await fixture.learner(server, onboarded: false)
            func status() async throws -> String? {
                try await server.send("GET", "/api/progress/lessons/ch01-one", user: learner)["status"]?.text
            }
            _ = try await server.open(Self.address, as: learner)
            _ = try await server.send(
                "HEAD", Self.address, headers: Self.visit + [(name: "Cookie", value: "lectern_learner=\(learner)")])
            #expect(try await status() == "not_started")
            let page = try await server.open(Self.address, as: learner, headers: Self.visit)
            #expect(try await status() == "in_progress")
            #expect(page.text.contains(" data-tracked"))
            let sent = try await server.submit(
                Self.address, [(name: "action", value: "complete"), (name: "view", value: "original")], as: learner)
            #expect(sent.status == 303)
            #expect(sent.headers.first("Location") == "/lessons/ch01-one#progress")
            #expect(try await status() == "completed")
            let done = try await server.open(Self.address, as: learner)
            #expect(done.text.contains("You finished this lesson on "))
            #expect(!done.text.contains("value=\"complete\""))
        }
    }

    @Test func formsFromElsewhereAndUnknownActionsAreRefused() async throws {
        try await WebFixture.run { fixture, server in
            let learner = try await fixture.learner(server)
            let foreign = try await server.submit(
                Self.address, Self.ask, as: learner, headers: [("Sec-Fetch-Site", "cross-site")])
            #expect(foreign.status == 403)
            #expect(try await server.submit(Self.address, [("action", "delete")], as: learner).status == 422)
            #expect(try await server.submit("/lessons/none", Self.ask, as: learner).status == 404)
            #expect(try await fixture.database.queryOne("SELECT 1 AS one FROM lectern.operation") == nil)
        }
    }

    @Test func whatIsAskedForThroughAPageCountsAgainstTheRates() async throws {
        try await WebFixture.run(
            adjust: { dependencies in
                let asked = Mutex(0)
                dependencies.workGate = { _, _ in
                    .init(
                        admit: { _ in
                            asked.withLock {
                                $0 += 1; return $0 > 1 ? 7 : nil
                            }
                        },
                        giveBack: { _ in asked.withLock { $0 -= 1 } })
                }
            }
        ) { fixture, server in
            let learner = try await fixture.learner(server)
            #expect(try await server.submit(Self.address, Self.ask, as: learner).status == 303)
            let refused = try await server.submit(Self.address, Self.ask, as: learner)
            #expect(refused.status == 429)
            #expect(refused.headers.first("Retry-After") == "7")
            #expect(refused.text.contains("Please try again in 7 seconds."))
            #expect(refused.text.contains("value=\"personalize\""))
        }
    }

    @Test func pagesAndTheAPIShareOneAccount() throws {
        var limits = RateLimits()
        limits.learnerPerMinute = 2
        let time = Timekeeper(now: { .zero }, pause: { _ in })
        let rates = RequestRates(limits, time: time)
        var generator = SystemRandomNumberGenerator()
        let learner = LearnerID.random(using: &generator)
        let work = PageWork(rates: rates, peer: nil, forwardedFor: [])
        _ = try rates.count(.init(learner: learner, peer: nil, forwardedFor: []))
        #expect(work.admit(learner) == nil)
        #expect(work.admit(learner) == 30)
        work.giveBack(learner)
        #expect(work.admit(learner) == nil)
        #expect(throws: Problem.self) { try rates.count(.init(learner: learner, peer: nil, forwardedFor: [])) }
    }

    @Test func withTheDatabaseAwayTheOriginalStaysReadable() async throws {
        try await WebFixture.run { fixture, server in
            let learner = try await fixture.learner(server)
            #expect(try await server.open(Self.address, as: learner).status == 200)
            await fixture.database.close()
            let original = try await server.open(Self.address, as: learner, headers: Self.visit)
            #expect(original.status == 200)
            #expect(original.text.contains("<em>marks</em>"))
            // Nobody can answer the questions now.
            #expect(try await server.open(Self.address, headers: Self.visit).status == 200)
            let personalized = try await server.open(Self.address + "?view=personalized", as: learner)
            #expect(personalized.status == 503)
            #expect(personalized.headers.first("Retry-After") == "5")
            #expect(personalized.text.contains("Your text cannot be reached right now"))
            #expect(personalized.text.contains("href=\"/lessons/ch01-one?view=personalized\">Try again</a>"))
        }
    }

    @Test func withNobodyToWriteTheLearnerIsToldSo() async throws {
        let now = Mutex(Date())
        try await WebFixture.run(adjust: { $0.now = { now.withLock { $0 } } }) { fixture, server in
            let learner = try await fixture.learner(server)
            let shown = Self.address + "?view=personalized"
            _ = try await server.submit(Self.address, Self.ask, as: learner)
            #expect(try await !server.open(shown, as: learner).text.contains("notice warning"))
            now.withLock { $0 = Date().addingTimeInterval(90) }
            let late = try await server.open(shown, as: learner)
            #expect(late.text.contains("Nobody has begun to write for "))
        }
    }
}

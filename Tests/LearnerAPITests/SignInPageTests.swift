import CurlHTTP
import Foundation
import IdentityTesting
import Learners
import Postgres
import Testing

@Suite struct SignInPageTests {
    private static let lesson = "/lessons/\(APIFixture.slug)"
    private static let personal = ["/profile", "/profile/export", "/onboarding"]

    @Test func theCookieAloneOpensNothing() async throws {
        try await SignInBench.run { bench in
            let ann = try await bench.learner("ann")
            for path in Self.personal {
                let page = try await bench.server.open(path, as: ann)
                #expect(page.status == 401, "\(path)")
                #expect(page.text.contains("<h1>Please sign in</h1>"))
                #expect(page.headers.first("WWW-Authenticate") == #"Bearer realm="lectern""#)
            }
            for (path, action) in [("/profile", "delete"), (Self.lesson, "complete"), (Self.lesson, "personalize")] {
                let fields: WebFixture.Fields = [("action", action), ("confirm", "yes")]
                #expect(try await bench.server.submit(path, fields, as: ann).status == 401, "\(path) \(action)")
            }
            #expect(try await bench.server.submit("/onboarding", OnboardingPageTests.answers, as: ann).status == 401)
            #expect(try await bench.accounts() == 1)
            #expect(try await bench.server.open("/", as: ann).text.contains("<main id=\"main\" class=\"start\">"))
            let lesson = try await bench.server.open(Self.lesson, as: ann, headers: [("Sec-Fetch-Dest", "document")])
            #expect(lesson.status == 200 && !lesson.text.contains("data-tracked"))
            let progress = try await bench.send("GET", "/api/progress", as: "ann")
            #expect(progress["overall", "in_progress"] == .number(0))
            let urdu = try await bench.server.open("/profile", headers: [("Accept-Language", "ur")])
            #expect(urdu.status == 401 && urdu.text.contains("سائن ان"))
        }
    }

    @Test func theVisitorIsWhomTheTokenNamesWhateverTheCookieSays() async throws {
        try await SignInBench.run { bench in
            let (ann, bob) = (try await bench.learner("ann"), try await bench.learner("bob"))
            let opened = try await bench.open(
                Self.lesson, as: "ann", cookie: bob, headers: [("Sec-Fetch-Dest", "document")])
            #expect(opened.status == 200 && opened.text.contains("data-tracked"))
            #expect(opened.cookie("lectern_learner") == ann)
            #expect(opened.headers.all("Vary").contains("Authorization"))
            for (subject, begun) in [("ann", 1.0), ("bob", 0)] {
                let progress = try await bench.send("GET", "/api/progress", as: subject)
                #expect(progress["overall", "in_progress"] == .number(begun))
            }
            let again = try await bench.open("/", as: "ann", cookie: ann)
            #expect(again.status == 200 && again.headers.first("Set-Cookie") == nil)
            let done = try await bench.submit(Self.lesson, [("action", "complete")], as: "ann", cookie: bob)
            #expect(done.status == 303)
            #expect(try await bench.send("GET", "/api/progress", as: "bob")["overall", "completed"] == .number(0))
        }
    }

    @Test func whoReadsGetsNoAccountAndWhoAnswersDoes() async throws {
        try await SignInBench.run { bench in
            for path in ["/", "/book", "/profile", "/onboarding", "\(Self.lesson)?view=personalized"] {
                #expect(try await bench.open(path, as: "new").status == 200, "\(path)")
            }
            #expect(try await bench.open("/profile/export", as: "new").status == 404)
            #expect(try await bench.accounts() == 0)
            let answered = try await bench.submit("/onboarding", OnboardingPageTests.answers, as: "new")
            #expect(answered.status == 303)
            let id = try #require(answered.cookie("lectern_learner"))
            // The API knows the same account.
            #expect(try await bench.send("GET", "/api/user/preferences", as: "new", user: id).status == 200)
            #expect(try await bench.server.send("GET", "/api/user/preferences", user: id).status == 401)
            #expect(try await bench.submit("/onboarding", OnboardingPageTests.answers, as: "new").status == 303)
            #expect(try await bench.accounts() == 1)
        }
    }

    @Test func theAnonymousLearnerOfTheBrowserIsTakenOverAndNobodyElses() async throws {
        try await SignInBench.run { bench in
            let store = LearnerStore(database: bench.fixture.database)
            let id = try #require(LearnerID(UUID().uuidString))
            _ = try await store.create(id)
            let answers = OnboardingPageTests.answers
            let ann = try await bench.submit("/onboarding", answers, as: "ann", cookie: id.text)
            #expect(ann.cookie("lectern_learner") == id.text)
            let bob = try await bench.submit("/onboarding", answers, as: "bob", cookie: id.text)
            let other = try #require(bob.cookie("lectern_learner"))
            #expect(bob.status == 303 && other != id.text)
            #expect(try await bench.send("GET", "/api/user/\(id.text)", as: "ann").status == 200)
            #expect(try await bench.send("GET", "/api/user/\(other)", as: "bob").status == 200)
        }
    }

    @Test func onlyWhoCanAnswerIsLedToTheQuestions() async throws {
        try await SignInBench.run { bench in
            let visit: WebFixture.Fields = [("Sec-Fetch-Dest", "document")]
            #expect(try await bench.server.open(Self.lesson, headers: visit).status == 200)
            let led = try await bench.open(Self.lesson, as: "new", headers: visit)
            #expect(led.status == 303)
            #expect(led.headers.first("Location")?.hasPrefix("/onboarding?next=") == true)
        }
    }

    @Test func pagesSayWhatHoldsWhereLearnersSignIn() async throws {
        try await SignInBench.run { bench in
            _ = try await bench.learner("ann")
            let start = try await bench.server.open("/")
            #expect(start.text.contains("You sign in first") && !start.text.contains("You need no account"))
            let questions = try await bench.open("/onboarding", as: "new")
            #expect(questions.text.contains("Of your sign-in we keep") && !questions.text.contains("random key"))
            let profile = try await bench.open("/profile", as: "ann")
            #expect(profile.text.contains("value=\"delete\"") && !profile.text.contains("value=\"forget\""))
            #expect(try await bench.submit("/profile", [("action", "forget")], as: "ann").status == 422)
            let language = try await bench.server.submit("/language", [("language", "ur"), ("to", "/book")])
            #expect(language.status == 303 && language.cookie("lectern_language") == "ur")
        }
    }

    @Test func whoSignedInTakesEverythingAlongAndIsForgotten() async throws {
        try await SignInBench.run { bench in
            let ann = try await bench.learner("ann")
            let export = try await bench.open("/profile/export", as: "ann")
            #expect(export["user", "id"]?.text == ann)
            #expect(export["sign_in", "subject"]?.text == "ann")
            let gone = try await bench.submit(
                "/profile", [("action", "delete"), ("confirm", "yes")], as: "ann", cookie: ann)
            #expect(gone.status == 303 && gone.cookie("lectern_learner") == "forgotten")
            let home = try await bench.open("/?done=deleted", as: "ann", cookie: "forgotten")
            #expect(home.text.contains("class=\"notice done\"") && home.cookie("lectern_learner") == nil)
            #expect(try await bench.send("GET", "/api/progress", as: "ann").status == 404)
            let kept = try await bench.fixture.database.query("SELECT FROM lectern.learner_identity")
            #expect(kept.isEmpty)
        }
    }

    @Test func theBookStaysReadableWhileTokensCannotBeChecked() async throws {
        try await SignInBench.run { bench in
            bench.issuer.answer(TestIssuer.discoveryPath, .status(500))
            let lesson = try await bench.open(Self.lesson, as: "ann")
            #expect(lesson.status == 200 && lesson.text.contains("class=\"notice warning\""))
            for path in Self.personal { #expect(try await bench.open(path, as: "ann").status == 503, "\(path)") }
            // A token that cannot be good says nothing of the issuer.
            let plain = try await bench.server.open("/", headers: [("Authorization", "Bearer x")])
            #expect(plain.status == 200 && !plain.text.contains("class=\"notice"))
        }
    }
}

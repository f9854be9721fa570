import CurlHTTP
import Learners
import Postgres
import Testing

@Suite struct OnboardingPageTests {
    static let answers: WebFixture.Fields = [
        ("education_level", "graduate"), ("programming_experience", "advanced"),
        ("robotics_background", "true"), ("ai_ml_experience", "basic"), ("learning_goals", "research"),
        ("learning_goals", "hobby"), ("preferred_language", "en"),
    ]

    @Test func thePageAsksTheSixQuestionsAndChoosesNothingButTheLanguage() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.open("/onboarding?next=/lessons/ch01-one")
            #expect(page.status == 200)
            #expect(page.text.ranges(of: "<fieldset ").count == 6)
            #expect(page.text.ranges(of: "<legend ").count == 6)
            #expect(page.text.ranges(of: "type=\"radio\"").count == 16)
            #expect(page.text.ranges(of: "type=\"checkbox\"").count == 5)
            #expect(page.text.ranges(of: " checked").count == 1)
            #expect(page.text.contains("name=\"preferred_language\" value=\"en\" checked"))
            #expect(page.text.contains("name=\"next\" value=\"/lessons/ch01-one\""))
            #expect(page.text.contains("href=\"/lessons/ch01-one?view=original\">Read without personalization"))
        }
    }

    @Test func answeringMakesALearnerAndGoesOnReading() async throws {
        try await WebFixture.run { _, server in
            let answer = try await server.submit(
                "/onboarding", Self.answers + [(name: "next", value: "/lessons/ch01-one?view=personalized")])
            #expect(answer.status == 303)
            #expect(answer.headers.first("Location") == "/lessons/ch01-one?view=personalized")
            let cookie = try #require(answer.headers.all("Set-Cookie").first { $0.hasPrefix("lectern_learner=") })
            for part in ["Path=/", "SameSite=Lax", "Max-Age=31536000"] { #expect(cookie.contains(part)) }
            for part in ["HttpOnly", "Secure"] { #expect(!cookie.contains(part)) }
            let id = try #require(answer.cookie("lectern_learner"))
            let stored = try await server.send("GET", "/api/user/preferences", user: id)
            #expect(stored["education_level"]?.text == "graduate")
            #expect(stored["robotics_background"] == .bool(true))
            #expect(stored["learning_goals"] == .array([.string("research"), .string("hobby")]))
            let user = try await server.send("GET", "/api/user/\(id)")
            #expect(user["onboarding_completed"] == .bool(true))
        }
    }

    @Test func behindAProxyWithTLSTheCookieIsSecure() async throws {
        try await WebFixture.run { _, server in
            let answer = try await server.submit(
                "/onboarding", Self.answers,
                headers: [("Sec-Fetch-Site", "same-origin"), ("X-Forwarded-Proto", "https")])
            #expect(answer.headers.first("Location") == "/?done=onboarding")
            #expect(answer.headers.all("Set-Cookie").allSatisfy { $0.contains("Secure") })
        }
    }

    @Test func theBrowsersOwnIDIsKept() async throws {
        try await WebFixture.run { fixture, server in
            let unknown = "7d8f3c1e-2b4a-4c6d-8e9f-0a1b2c3d4e5f"
            let known = try await fixture.learner(server, onboarded: false)
            for id in [unknown, known] {
                let answer = try await server.submit("/onboarding", Self.answers, as: id)
                #expect(answer.cookie("lectern_learner") == id)
                #expect(try await server.send("GET", "/api/user/preferences", user: id).status == 200)
            }
            let malformed = try await server.submit("/onboarding", Self.answers, as: "forgotten")
            #expect(malformed.status == 303)
            #expect(malformed.cookie("lectern_learner").map { ![unknown, known, "forgotten"].contains($0) } == true)
        }
    }

    @Test(arguments: ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
    func nobodyIsLedToAnotherSite(next: String) async throws {
        try await WebFixture.run { _, server in
            let answer = try await server.submit("/onboarding", Self.answers + [(name: "next", value: next)])
            #expect(answer.headers.first("Location") == "/?done=onboarding")
        }
    }

    @Test func everyBadAnswerIsNamedBesideItsQuestion() async throws {
        try await WebFixture.run { fixture, server in
            let fields: WebFixture.Fields = [
                ("education_level", "kindergarten"), ("robotics_background", "perhaps"),
                ("ai_ml_experience", "basic"), ("ai_ml_experience", "none"), ("preferred_language", "fr"),
                ("next", "/book"),
            ]
            let page = try await server.submit("/onboarding", fields)
            #expect(page.status == 422)
            #expect(page.cookie("lectern_learner") == nil)
            for name in [
                "education_level", "programming_experience", "robotics_background", "ai_ml_experience",
                "learning_goals", "preferred_language",
            ] {
                #expect(page.text.contains("id=\"\(name)-error\""), "\(name)")
                #expect(page.text.contains("<a href=\"#\(name)\">"), "\(name)")
            }
            #expect(page.text.contains("aria-describedby=\"learning_goals-hint learning_goals-error\""))
            #expect(page.text.contains("Please choose at least one answer."))
            #expect(page.text.contains("<title>Error: Six questions"))
            #expect(page.text.contains("name=\"next\" value=\"/book\""))
            #expect(!page.text.contains("kindergarten"))
            let rows = try await fixture.database.query("SELECT id FROM lectern.learner")
            #expect(rows.isEmpty)
        }
    }

    @Test func goodAnswersStayInAFormWithABadOne() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.submit("/onboarding", Self.answers.filter { $0.name != "ai_ml_experience" })
            #expect(page.status == 422)
            #expect(page.text.ranges(of: "-error\"").count == 2)
            for (name, value) in Self.answers where name != "ai_ml_experience" {
                #expect(page.text.contains("name=\"\(name)\" value=\"\(value)\" checked"), "\(name)")
            }
        }
    }

    @Test func whoHasAnsweredIsLedToTheProfile() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let answer = try await server.open("/onboarding", as: id)
            #expect(answer.status == 303)
            #expect(answer.headers.first("Location") == "/profile")
        }
    }

    @Test func inUrduThePageIsInUrdu() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.submit(
                "/onboarding", [], headers: [("Sec-Fetch-Site", "same-origin"), ("Accept-Language", "ur")])
            #expect(page.status == 422)
            #expect(page.text.contains("dir=\"rtl\""))
            #expect(page.text.contains("براہِ کرم ایک جواب چنیں۔"))
        }
    }

    @Test func withTheDatabaseAwayTheAnswersStayInTheForm() async throws {
        try await WebFixture.withoutDatabase { server in
            let page = try await server.submit("/onboarding", Self.answers)
            #expect(page.status == 503)
            #expect(page.text.contains("Your answers could not be saved"))
            #expect(page.text.contains("name=\"learning_goals\" value=\"hobby\" checked"))
            #expect(page.cookie("lectern_learner") == nil)
        }
    }
}

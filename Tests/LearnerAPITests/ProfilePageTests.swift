import CurlHTTP
import Learners
import Testing

@Suite struct ProfilePageTests {
    private static let changed: WebFixture.Fields = OnboardingPageTests.answers.map { field in
        field.name == "programming_experience" ? (name: field.name, value: "beginner") : field
    }

    /// What the form sends as its version: an entity tag, whose quotes stand escaped in the page.
    private static func version(_ page: APIServer.Answer) throws -> String {
        let match = try #require(page.text.firstMatch(of: /name="version" value="&quot;([^"&]*)&quot;"/))
        return "\"\(match.output.1)\""
    }

    /// The form as its button sends it.
    private static func saved(_ answers: WebFixture.Fields, version: String) -> WebFixture.Fields {
        answers + [(name: "version", value: version), (name: "action", value: "save")]
    }

    @Test func theFormHoldsWhatIsStored() async throws {
        try await WebFixture.run { fixture, server in
            let page = try await server.open("/profile", as: try await fixture.learner(server))
            #expect(page.status == 200)
            for (name, value) in OnboardingPageTests.answers {
                #expect(page.text.contains("name=\"\(name)\" value=\"\(value)\" checked"), "\(name)")
            }
            #expect(page.text.ranges(of: " checked").count == OnboardingPageTests.answers.count)
            #expect(page.text.contains("href=\"/profile\" aria-current=\"page\""))
        }
    }

    @Test func aChangedAnswerMakesEarlierTextsUnreachable() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let body = #"{"lesson_slug":"ch01-one"}"#
            _ = try await server.send("POST", "/api/personalize", user: id, json: body)
            _ = try await fixture.finishPersonalizations()
            #expect(try await server.send("GET", "/api/personalize/ch01-one", user: id).status == 200)
            let version = try Self.version(try await server.open("/profile", as: id))
            let answer = try await server.submit("/profile", Self.saved(Self.changed, version: version), as: id)
            #expect(answer.status == 303)
            #expect(answer.headers.first("Location") == "/profile?done=saved")
            #expect(try await server.send("GET", "/api/personalize/ch01-one", user: id).status == 404)
            let page = try await server.open("/profile?done=saved", as: id)
            #expect(page.text.contains("name=\"programming_experience\" value=\"beginner\" checked"))
            #expect(page.text.contains("Saved."))
        }
    }

    @Test func savingTheSameChangesNothing() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let version = try Self.version(try await server.open("/profile", as: id))
            let answer = try await server.submit(
                "/profile", Self.saved(OnboardingPageTests.answers, version: version), as: id)
            #expect(answer.headers.first("Location") == "/profile?done=same")
        }
    }

    @Test func aChangeMeanwhileIsShownBesideOnesOwn() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let version = try Self.version(try await server.open("/profile", as: id))
            _ = try await server.send(
                "PUT", "/api/user/preferences", user: id, json: #"{"education_level":"high_school"}"#)
            let conflict = try await server.submit("/profile", Self.saved(Self.changed, version: version), as: id)
            #expect(conflict.status == 409)
            #expect(conflict.text.contains("Your answers were changed elsewhere meanwhile."))
            #expect(conflict.text.contains("What is your education?</a> Stored: School"))
            #expect(conflict.text.contains("name=\"education_level\" value=\"graduate\" checked"))
            let untouched = try await server.send("GET", "/api/user/preferences", user: id)
            #expect(untouched["programming_experience"]?.text == "advanced")
            let again = try await server.submit(
                "/profile", Self.saved(Self.changed, version: try Self.version(conflict)), as: id)
            #expect(again.status == 303)
            let stored = try await server.send("GET", "/api/user/preferences", user: id)
            #expect(stored["education_level"]?.text == "graduate")
            #expect(stored["programming_experience"]?.text == "beginner")
        }
    }

    @Test func badAnswersAreNamedAndNothingIsChanged() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let version = try Self.version(try await server.open("/profile", as: id))
            let page = try await server.submit(
                "/profile", [("version", version), ("action", "save"), ("preferred_language", "ur")], as: id)
            #expect(page.status == 422)
            #expect(page.text.ranges(of: "class=\"wrong-text\"").count == 5)
            #expect(try Self.version(page) == version)
            #expect(try await server.submit("/profile", [("action", "other")], as: id).status == 422)
        }
    }

    @Test func choosingUrduTurnsThePagesAround() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let version = try Self.version(try await server.open("/profile", as: id))
            let answers: WebFixture.Fields = OnboardingPageTests.answers.map { field in
                field.name == "preferred_language" ? (name: field.name, value: "ur") : field
            }
            let answer = try await server.submit("/profile", Self.saved(answers, version: version), as: id)
            #expect(answer.cookie("lectern_language") == "ur")
            let page = try await server.open("/profile?done=saved", as: id)
            #expect(page.text.contains("<html lang=\"ur\" dir=\"rtl\">"))
            #expect(page.text.contains("آپ کا پروفائل"))
        }
    }

    @Test func everythingCanBeTakenAlong() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let file = try await server.open("/profile/export", as: id)
            #expect(file.status == 200)
            #expect(file.headers.first("Content-Disposition") == "attachment; filename=\"lectern-export.json\"")
            #expect(file.headers.first("Cache-Control") == "no-store")
            #expect(file["user", "id"]?.text == id)
            #expect(file.body == (try await server.send("GET", "/api/user/\(id)/export", user: id)).body)
            #expect(try await server.open("/profile/export").status == 404)
            #expect(try await server.open("/profile/export", as: "7d8f3c1e-2b4a-4c6d-8e9f-0a1b2c3d4e5f").status == 404)
        }
    }

    @Test func deletingNeedsAConfirmationAndLeavesNothing() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let other = try await fixture.learner(server)
            let unconfirmed = try await server.submit("/profile", [("action", "delete")], as: id)
            #expect(unconfirmed.status == 422)
            #expect(unconfirmed.text.contains("aria-describedby=\"confirm-error\""))
            #expect(try await server.send("GET", "/api/user/\(id)").status == 200)
            let answer = try await server.submit("/profile", [("action", "delete"), ("confirm", "yes")], as: id)
            #expect(answer.status == 303)
            #expect(answer.headers.first("Location") == "/?done=deleted")
            #expect(answer.cookie("lectern_learner") == "forgotten")
            #expect(try await server.send("GET", "/api/user/\(id)").status == 404)
            #expect(try await server.send("GET", "/api/user/\(other)").status == 200)
            let page = try await server.open("/?done=deleted", as: "forgotten")
            #expect(page.text.contains("Everything that was kept of you has been deleted."))
        }
    }

    @Test func forgettingTheDeviceKeepsWhatIsStored() async throws {
        try await WebFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let answer = try await server.submit("/profile", [("action", "forget")], as: id)
            #expect(answer.headers.first("Location") == "/?done=forgotten")
            #expect(answer.cookie("lectern_learner") == "forgotten")
            #expect(try await server.send("GET", "/api/user/\(id)").status == 200)
        }
    }

    @Test func somebodyUnknownIsSentToTheQuestions() async throws {
        try await WebFixture.run { _, server in
            let page = try await server.open("/profile")
            #expect(page.status == 200)
            #expect(page.text.contains("href=\"/onboarding\""))
            #expect(!page.text.contains("Delete my data"))
        }
    }

    @Test func withTheDatabaseAwayNothingIsClaimedToBeSavedOrDeleted() async throws {
        try await WebFixture.withoutDatabase { server in
            let id = "7d8f3c1e-2b4a-4c6d-8e9f-0a1b2c3d4e5f"
            let saved = try await server.submit("/profile", Self.saved(Self.changed, version: ""), as: id)
            #expect(saved.status == 503)
            let deleted = try await server.submit("/profile", [("action", "delete"), ("confirm", "yes")], as: id)
            #expect(deleted.status == 503)
            #expect(deleted.text.contains("Nothing could be deleted"))
            #expect(deleted.cookie("lectern_learner") == nil)
        }
    }
}

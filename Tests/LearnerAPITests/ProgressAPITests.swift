import CurlHTTP
import Foundation
import Learners
import Postgres
import Testing

@testable import LearnerAPI

@Suite struct ProgressAPITests {
    private static let first = "/api/progress/lessons/ch01-one"

    @Test func aLessonIsStartedAndCompletedOnceHoweverOftenItIsSaid() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let untouched = try await server.send("GET", Self.first, user: id)
            #expect(untouched["status"]?.text == "not_started")
            #expect(untouched["started_at"] == .null)
            #expect(try await fixture.count("lesson_progress") == 0)

            let started = try await server.send("POST", "\(Self.first)/start", user: id)
            #expect(started.status == 200)
            #expect(started["status"]?.text == "in_progress")
            let again = try await server.send("POST", "\(Self.first)/start", user: id)
            #expect(again["started_at"] == started["started_at"])

            let completed = try await server.send("POST", "\(Self.first)/complete", user: id)
            #expect(completed["status"]?.text == "completed")
            #expect(completed["started_at"] == started["started_at"])
            try await fixture.database.execute(
                """
                UPDATE lectern.lesson_progress SET started_at = started_at - interval '3 days',
                    completed_at = completed_at - interval '3 days'
                """)
            let stored = try await server.send("GET", Self.first, user: id)
            for action in ["start", "complete", "complete"] {
                let repeated = try await server.send("POST", "\(Self.first)/\(action)", user: id)
                #expect(repeated["status"]?.text == "completed")
                #expect(repeated["completed_at"] == stored["completed_at"])
                #expect(repeated["reviews"] == .number(0))
            }
        }
    }

    @Test func readingAgainADayLaterIsAReview() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send("POST", "\(Self.first)/complete", user: id)
            try await fixture.database.execute(
                "UPDATE lectern.lesson_progress SET reviewed_at = reviewed_at - interval '20 days'")
            let due = try await server.send("GET", "/api/progress/recommendations", user: id)
            #expect(due["recommendations", 1, "reasons", 0, "code"]?.text == "REVIEW_DUE")
            let review = try await server.send("POST", "\(Self.first)/complete", user: id)
            #expect(review["reviews"] == .number(1))
            let repeated = try await server.send("POST", "\(Self.first)/complete", user: id)
            #expect(repeated["reviews"] == .number(1))
            let row = try await fixture.database.queryOne("SELECT stability_days FROM lectern.lesson_progress")
            #expect(try row?.decode("stability_days", as: Double.self) == 17.5)
        }
    }

    @Test func completingStartsALessonThatNeverWas() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            for slug in ["01-what-is/embodiment", "01-what-is%2Fembodiment"] {
                let path = "/api/progress/lessons/\(slug)"
                let completed = try await server.send("POST", "\(path)/complete", user: id)
                #expect(completed.status == 200)
                #expect(completed["lesson_slug"]?.text == APIFixture.slashedSlug)
                #expect(completed["started_at"] == completed["completed_at"])
                #expect(try await server.send("GET", path, user: id)["status"]?.text == "completed")
            }
        }
    }

    @Test func timeAddsUpAndARepeatedReportCountsOnce() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            func report(_ body: String) async throws -> APIServer.Answer {
                try await server.send("PUT", "\(Self.first)/time", user: id, json: body)
            }
            #expect(try await report(#"{"time_spent_seconds":30}"#)["time_spent_seconds"] == .number(30))
            #expect(try await report(#"{"time_spent_seconds":0}"#)["time_spent_seconds"] == .number(30))
            for _ in 0..<3 {
                let answer = try await report(#"{"time_spent_seconds":86400,"report_number":7}"#)
                #expect(answer["time_spent_seconds"] == .number(86_430))
                #expect(answer["status"]?.text == "in_progress")
            }
            let other = try await report(#"{"time_spent_seconds":10,"report_number":3}"#)
            #expect(other["time_spent_seconds"] == .number(86_440))
            for body in [
                "{}", #"{"time_spent_seconds":-1}"#, #"{"time_spent_seconds":86401}"#,
                #"{"time_spent_seconds":1.5}"#, #"{"time_spent_seconds":"1"}"#,
                #"{"time_spent_seconds":1,"report_number":-1}"#, #"{"time_spent_seconds":1,"x":1}"#,
            ] {
                #expect(try await report(body).status == 422, "\(body)")
            }
            let summary = try await server.send("GET", "/api/progress", user: id)
            #expect(summary["overall", "seconds"] == .number(86_440))
        }
    }

    @Test func progressIsCountedInTheBookItsPartsAndItsChapters() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server, onboarded: false)
            _ = try await server.send("POST", "\(Self.first)/complete", user: id)
            let summary = try await server.send("GET", "/api/progress", user: id)
            #expect(summary.status == 200)
            for place in [["overall"], ["parts", 0], ["parts", 0, "chapters", 0]] as [[APIServer.JSONPath]] {
                #expect(summary.value(place + ["total"]) == .number(2))
                #expect(summary.value(place + ["completed"]) == .number(1))
                #expect(summary.value(place + ["in_progress"]) == .number(0))
                #expect(summary.value(place + ["percent"]) == .number(50))
            }
            #expect(summary["parts", 0, "title"]?.text == "First <Part>")
        }
    }

    @Test func whatNobodyKnowsIsNotFound() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let stranger = UUID().uuidString.lowercased()
            for (method, path) in [
                ("GET", "/api/progress"), ("GET", Self.first), ("POST", "\(Self.first)/start"),
                ("POST", "\(Self.first)/complete"), ("GET", "/api/progress/recommendations"),
            ] {
                #expect(try await server.send(method, path, user: stranger)["error"]?.text == "unknown_user")
                #expect(try await server.send(method, path).status == 401)
            }
            for suffix in ["", "/start", "/complete"] {
                let answer = try await server.send(
                    suffix.isEmpty ? "GET" : "POST", "/api/progress/lessons/nothing\(suffix)", user: id)
                #expect(answer.status == 404)
                #expect(answer["error"]?.text == "unknown_lesson")
            }
            #expect(try await fixture.count("lesson_progress") == 0)
        }
    }

    @Test func aRenamedLessonKeepsItsProgressAndItsFormerName() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send("POST", "\(Self.first)/complete", user: id)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.former_slug (book_id, slug, lesson_id)
                SELECT book_id, slug, id FROM lectern.lesson WHERE slug = 'ch01-one'
                """)
            try await fixture.database.execute(
                "UPDATE lectern.release_lesson SET slug = 'ch01-new' WHERE slug = 'ch01-one'")
            for slug in ["ch01-one", "ch01-new"] {
                let status = try await server.send("GET", "/api/progress/lessons/\(slug)", user: id)
                #expect(status["status"]?.text == "completed")
                #expect(status["lesson_slug"]?.text == "ch01-new")
                let start = try await server.send("POST", "/api/progress/lessons/\(slug)/start", user: id)
                #expect(start["status"]?.text == "completed")
            }
            #expect(try await fixture.count("lesson_progress") == 1)
        }
    }

    @Test func recommendationsSayWhatWhyAndWhyNot() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let path = "/api/progress/recommendations"
            let answer = try await server.send("GET", "\(path)?why_not=01-what-is%2Fembodiment", user: id)
            #expect(answer.status == 200)
            #expect(answer["total"] == .number(1))
            #expect(answer["state"]?.text == "learning")
            #expect(answer["recommendations", 0, "lesson", "slug"]?.text == "ch01-one")
            #expect(answer["recommendations", 0, "chapter_title"]?.text == "First Chapter")
            #expect(answer["recommendations", 0, "part_title"]?.text == "First <Part>")
            #expect(answer["recommendations", 0, "priority"] == .number(1))
            #expect(
                answer["recommendations", 0, "reason"] == answer["recommendations", 0, "reasons", 0, "text"])
            #expect(answer["why_not", "code"]?.text == "NEEDS_LESSON")
            #expect(try await fixture.count("recommendation_shown") == 0)

            for limit in ["0", "51", "x", "-1", ""] {
                #expect(try await server.send("GET", "\(path)?limit=\(limit)", user: id).status == 422, "\(limit)")
            }
            #expect(try await server.send("GET", "\(path)?why_not=nothing", user: id).status == 404)

            let newcomer = try await fixture.learner(server, onboarded: false)
            let empty = try await server.send("GET", path, user: newcomer)
            #expect(empty["state"]?.text == "no_profile")
            #expect(empty["state_reason", "code"]?.text == "NO_PROFILE")

            for slug in [APIFixture.slug, APIFixture.slashedSlug] {
                _ = try await server.send("POST", "/api/progress/lessons/\(slug)/complete", user: id)
            }
            let done = try await server.send("GET", path, user: id)
            #expect(done["state"]?.text == "complete")
            #expect(done["total"] == .number(0))
        }
    }

    @Test func whatWasShownIsCountedUntilItIsOpened() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let path = "/api/progress/recommendations/shown"
            let before = try await server.send("GET", "/api/progress/recommendations", user: id)
            let shown = try await server.send(
                "POST", path, user: id, json: #"{"lesson_slugs":["ch01-one","nothing","ch01-one"]}"#)
            #expect(shown.status == 204)
            let after = try await server.send("GET", "/api/progress/recommendations", user: id)
            guard case .number(let high) = before["recommendations", 0, "score"],
                case .number(let low) = after["recommendations", 0, "score"]
            else {
                Issue.record("no scores")
                return
            }
            #expect(high - low == 80_000)
            for body in ["{}", #"{"lesson_slugs":"x"}"#, #"{"lesson_slugs":[1]}"#] {
                #expect(try await server.send("POST", path, user: id, json: body).status == 422)
            }
            _ = try await server.send("POST", "\(Self.first)/start", user: id)
            #expect(try await fixture.count("recommendation_shown") == 0)
        }
    }
}

extension APIFixture {
    /// Rows of a table.
    func count(_ table: String) async throws -> Int {
        try await self.database.queryOne("SELECT count(*) AS n FROM lectern.\(identifier: table)")?.decode("n") ?? -1
    }
}

extension APIServer.Answer {
    func value(_ path: [APIServer.JSONPath]) -> ProfileValue? {
        var value = try? StrictJSONReader.read(self.body)
        for step in path {
            switch (step, value) {
            case (.name(let name), .object(let members)): value = members[name]
            case (.index(let index), .array(let elements)):
                value = elements.indices.contains(index) ? elements[index] : nil
            default: return nil
            }
        }
        return value
    }
}

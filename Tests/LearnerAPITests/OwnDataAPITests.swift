import CurlHTTP
import Foundation
import Learners
import Postgres
import Testing

@testable import LearnerAPI

@Suite struct OwnDataAPITests {
    @Test func aLearnerTakesEverythingAlong() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let slug = #"{"lesson_slug":"ch01-one"}"#
            _ = try await server.send("POST", "/api/personalize", user: id, json: slug)
            #expect(try await fixture.finishPersonalizations() == 1)
            _ = try await server.send("POST", "/api/progress/lessons/ch01-one/complete", user: id)
            _ = try await server.send(
                "POST", "/api/progress/recommendations/shown", user: id,
                json: #"{"lesson_slugs":["01-what-is/embodiment"]}"#)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.feedback (user_id, lesson_slug, text_hash, rating, comment, generator, sections)
                VALUES (\(id)::text::uuid, 'ch01-one', 'h', 'up', 'My own words', 'g', '{}')
                """)
            let export = try await server.send("GET", "/api/user/\(id)/export", user: id)
            #expect(export.status == 200)
            #expect(export["user", "id"]?.text == id)
            #expect(export["preferences", "education_level"]?.text == "graduate")
            #expect(export["progress", 0, "state"]?.text == "completed")
            #expect(export["recommendations_shown", 0, "lesson_slug"]?.text == "01-what-is/embodiment")
            #expect(export["personalized_lessons", 0, "text"]?.text == "Hello.\n\nWritten for you.\n\nBye.\n")
            #expect(export["operations", 0, "lesson_slug"]?.text == "ch01-one")
            #expect(export["feedback", 0, "comment"]?.text == "My own words")
        }
    }

    @Test func aLearnerWhoLeavesLeavesNothingBehind() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let other = try await fixture.learner(server)
            for user in [id, other] {
                _ = try await server.send(
                    "POST", "/api/personalize", user: user, json: #"{"lesson_slug":"ch01-one"}"#)
                _ = try await server.send("POST", "/api/progress/lessons/ch01-one/start", user: user)
                _ = try await server.send(
                    "POST", "/api/progress/recommendations/shown", user: user,
                    json: #"{"lesson_slugs":["ch01-one"]}"#)
            }
            #expect(try await server.send("DELETE", "/api/user/\(id)", user: other).status == 404)
            #expect(try await server.send("DELETE", "/api/user/\(id)").status == 401)
            #expect(try await server.send("DELETE", "/api/user/\(id)", user: id).status == 204)
            #expect(try await server.send("DELETE", "/api/user/\(id)", user: id).status == 404)
            #expect(try await server.send("GET", "/api/user/\(id)").status == 404)
            // Every table that refers to a learner, whatever is added later.
            let columns = try await fixture.database.query(
                """
                SELECT c.conrelid::regclass::text AS name, a.attname FROM pg_constraint c
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.confrelid = 'lectern.learner'::regclass AND c.contype = 'f'
                """)
            #expect(columns.count >= 6)
            for column in columns {
                let table = try column.decode("name", as: String.self).split(separator: ".").last ?? ""
                let left = try await fixture.database.queryOne(
                    """
                    SELECT count(*) AS n FROM lectern.\(identifier: String(table))
                    WHERE \(identifier: try column.decode("attname")) = \(id)::text::uuid
                    """)
                #expect(try left?.decode("n", as: Int.self) == 0, "\(table)")
            }
            #expect(try await server.send("GET", "/api/user/\(other)").status == 200)
        }
    }

    @Test func anotherLearnersRowsAreOutOfReachOnEveryPath() async throws {
        try await APIFixture.run { fixture, server in
            let owner = try await fixture.learner(server)
            let stranger = try await fixture.learner(server, onboarded: false)
            let asked = try await server.send(
                "POST", "/api/personalize", user: owner, json: #"{"lesson_slug":"ch01-one"}"#)
            let operation = try #require(asked["operation", "id"]?.text)
            #expect(try await fixture.finishPersonalizations() == 1)
            _ = try await server.send("POST", "/api/progress/lessons/ch01-one/complete", user: owner)
            let before = try await server.send("GET", "/api/user/\(owner)/export", user: owner)

            // Addresses that name the owner, or what is the owner's.
            for (method, path) in [
                ("GET", "/api/user/\(owner)"), ("GET", "/api/user/\(owner)/export"), ("DELETE", "/api/user/\(owner)"),
                ("GET", "/api/operations/\(operation)"), ("DELETE", "/api/operations/\(operation)"),
                ("GET", "/api/operations/\(operation)/events"),
            ] {
                let answer = try await server.send(method, path, user: stranger)
                #expect(answer.status == 404, "\(method) \(path)")
                #expect(!answer.text.contains("Written for you"))
            }
            let foreign = try await server.send(
                "POST", "/api/onboarding", user: stranger, json: #"{"user_id":"\#(owner)",\#(APIFixture.answers)}"#)
            #expect(foreign.status == 404)

            // Addresses that answer whoever asks: the stranger finds nothing of the owner's there.
            #expect(try await server.send("GET", "/api/user/preferences", user: stranger).status == 404)
            #expect(try await server.send("PUT", "/api/user/preferences", user: stranger, json: "{}").status == 404)
            #expect(try await server.send("GET", "/api/personalize/ch01-one", user: stranger).status == 404)
            let cleared = try await server.send("DELETE", "/api/personalize/cache", user: stranger)
            #expect(cleared["deleted_count"] == .number(0))
            let lesson = "/api/progress/lessons/ch01-one"
            #expect(try await server.send("GET", lesson, user: stranger)["status"]?.text == "not_started")
            let summary = try await server.send("GET", "/api/progress", user: stranger)
            #expect(summary["overall", "completed"] == .number(0))
            let next = try await server.send("GET", "/api/progress/recommendations", user: stranger)
            #expect(next["total"] == .number(0))
            _ = try await server.send("POST", "\(lesson)/start", user: stranger)
            _ = try await server.send("POST", "\(lesson)/complete", user: stranger)
            _ = try await server.send(
                "PUT", "\(lesson)/time", user: stranger, json: #"{"time_spent_seconds":9}"#)
            _ = try await server.send(
                "POST", "/api/progress/recommendations/shown", user: stranger,
                json: #"{"lesson_slugs":["ch01-one"]}"#)

            let after = try await server.send("GET", "/api/user/\(owner)/export", user: owner)
            #expect(after.text == before.text)
        }
    }
}

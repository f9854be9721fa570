import CurlHTTP
import Foundation
import Learners
import ServerTesting
import Testing

@testable import LearnerAPI

@Suite struct PersonalizationAPITests {
    private static let ask = #"{"lesson_slug":"ch01-one"}"#

    @Test func aMissIsAcceptedAndAPollFindsTheText() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let early = try await server.send("GET", "/api/personalize/ch01-one", user: id)
            #expect(early.status == 404)
            #expect(early["error"]?.text == "not_requested")

            let miss = try await server.send("POST", "/api/personalize", user: id, json: Self.ask)
            #expect(miss.status == 202)
            #expect(miss["cached"] == .bool(false))
            #expect(miss["status"]?.text == "pending")
            #expect(miss["lesson_slug"]?.text == "ch01-one")
            let operation = try #require(miss["operation", "id"]?.text)
            #expect(miss["operation", "state"]?.text == "queued")
            #expect(miss["operation", "position"] == .number(0))
            #expect(miss.headers.first("Location") == "/api/operations/\(operation)")
            #expect((1...30).contains(miss.headers.first("Retry-After").flatMap { Int($0) } ?? 0))
            #expect(miss.headers.first("Preference-Applied") == nil)

            let joined = try await server.send("POST", "/api/personalize", user: id, json: Self.ask)
            #expect(joined["operation", "id"]?.text == operation)
            let poll = try await server.send("GET", "/api/personalize/ch01-one", user: id)
            #expect(poll.status == 202)
            #expect(poll["operation", "id"]?.text == operation)
            let status = try await server.send("GET", "/api/operations/\(operation)", user: id)
            #expect(status.status == 200)
            #expect(status["done"] == .bool(false))
            #expect(status.headers.first("Retry-After") != nil)
            let stranger = try await fixture.learner(server)
            #expect(try await server.send("GET", "/api/operations/\(operation)", user: stranger).status == 404)

            #expect(try await fixture.finishPersonalizations() == 1)
            for (method, path, body) in [
                ("GET", "/api/personalize/ch01-one", nil), ("POST", "/api/personalize", Self.ask),
            ] {
                let hit = try await server.send(method, path, user: id, body: body.map { Array($0.utf8) })
                #expect(hit.status == 200)
                #expect(hit["cached"] == .bool(true))
                #expect(hit["personalized_content"]?.text == "Hello.\n\nWritten for you.\n\nBye.\n")
                #expect(hit["generator"]?.text == "embedded/test")
                #expect(hit["content_hash"]?.text == APIFixture.hash)
                #expect(hit["preferences_hash"]?.text?.count == 32)
                #expect(hit["generated_at"]?.text?.hasSuffix("Z") == true)
                #expect(hit["lesson_slug"]?.text == "ch01-one")
                let tag = try #require(hit.headers.first("ETag"))
                let poll = try await server.send(
                    "GET", "/api/personalize/ch01-one", user: id, headers: [("If-None-Match", tag)])
                #expect(poll.status == 304)
                #expect(poll.body.isEmpty)
            }
            let done = try await server.send("GET", "/api/operations/\(operation)", user: id)
            #expect(done["state"]?.text == "succeeded")
            #expect(done["done"] == .bool(true))
            #expect(done["result"]?.text == "/api/personalize/ch01-one")
        }
    }

    @Test func whoeverPrefersToWaitGetsTheTextAtOnceAndUncached() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            async let answer = server.send(
                "POST", "/api/personalize", user: id, headers: [("Prefer", "wait=45")], json: Self.ask)
            // The request looks at its row once after it has filed it, and must find it pending to count as a miss.
            #expect(
                try await eventually {
                    try await server.send("GET", "/api/personalize/ch01-one", user: id).status == 202
                })
            #expect(try await fixture.finishPersonalizations() == 1)
            let text = try await answer
            #expect(text.status == 200)
            #expect(text["cached"] == .bool(false))
            #expect(text["personalized_content"]?.text == "Hello.\n\nWritten for you.\n\nBye.\n")
            #expect(text.headers.first("Preference-Applied") == "wait=30")
            #expect(text.headers.first("Vary") == "Prefer, X-User-ID")
            let poll = try await server.send("GET", "/api/personalize/ch01-one", user: id)
            #expect(poll["cached"] == .bool(true))
        }
    }

    @Test func aWaitThatIsOverAnswersLikeAMiss() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let answer = try await server.send(
                "POST", "/api/personalize", user: id, headers: [("Prefer", "wait=1")], json: Self.ask)
            #expect(answer.status == 202)
            #expect(answer.headers.first("Preference-Applied") == "wait=1")
        }
    }

    @Test func aFailureIsNamedAndNeverPassesForAText() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let miss = try await server.send("POST", "/api/personalize", user: id, json: Self.ask)
            #expect(try await fixture.finishPersonalizations(state: "failed") == 1)
            let poll = try await server.send("GET", "/api/personalize/ch01-one", user: id)
            #expect(poll.status == 200)
            #expect(poll["status"]?.text == "failed")
            #expect(poll["cached"] == .bool(false))
            #expect(poll["error"]?.text == "model_unreachable")
            #expect(poll["retryable"] == .bool(true))
            #expect(poll["personalized_content"] == nil)
            let operation = try await server.send(
                "GET", "/api/operations/\(miss["operation", "id"]?.text ?? "")", user: id)
            #expect(operation["state"]?.text == "failed")
            #expect(operation["error"]?.text == "model_unreachable")
        }
    }

    @Test func onlyTheLessonsOwnTextIsAccepted() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let send = { (text: String) in
                let body = try JSONEncoder().encode(["lesson_slug": "ch01-one", "original_content": text])
                return try await server.send("POST", "/api/personalize", user: id, body: Array(body))
            }
            let foreign = try await send("Write my essay.")
            #expect(foreign.status == 422)
            #expect(foreign["error"]?.text == "content_mismatch")
            #expect(try await send(APIFixture.text).status == 202)
            // More than an ordinary body and less than the limit is read; more than the limit is not.
            #expect(try await send(String(repeating: "a", count: 500_000)).status == 422)
            let large = try await send(String(repeating: "a", count: 1_100_000))
            #expect(large.status == 413)
            #expect(large["error"]?.text == "content_too_large")
        }
    }

    @Test func clearingTheCacheAndCancellingLeaveNothingBehind() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let miss = try await server.send("POST", "/api/personalize", user: id, json: Self.ask)
            let operation = "/api/operations/\(miss["operation", "id"]?.text ?? "")"
            #expect(try await server.send("DELETE", operation, user: UUID().uuidString).status == 404)
            #expect(try await server.send("DELETE", operation, user: id).status == 204)
            let twice = try await server.send("DELETE", operation, user: id)
            #expect(twice.status == 409)
            #expect(twice["error"]?.text == "already_finished")
            #expect(try await server.send("GET", "/api/personalize/ch01-one", user: id).status == 404)

            _ = try await server.send("POST", "/api/personalize", user: id, json: Self.ask)
            _ = try await fixture.finishPersonalizations()
            let cleared = try await server.send("DELETE", "/api/personalize/cache", user: id)
            #expect(cleared.status == 200)
            #expect(cleared["deleted_count"] == .number(1))
            #expect(try await server.send("GET", "/api/personalize/ch01-one", user: id).status == 404)
        }
    }

    @Test func aSlashedSlugIsAskedForAndPolledInBothForms() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let miss = try await server.send(
                "POST", "/api/personalize", user: id, json: #"{"lesson_slug":"01-what-is/embodiment"}"#)
            #expect(miss.status == 202)
            for path in ["01-what-is/embodiment", "01-what-is%2Fembodiment"] {
                #expect(try await server.send("GET", "/api/personalize/\(path)", user: id).status == 202)
            }
        }
    }

    @Test func whatCannotBePersonalizedIsSaidPrecisely() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let newcomer = try await fixture.learner(server, onboarded: false)
            for (user, slug, status, error) in [
                (id, "nowhere", 404, "unknown_lesson"), (newcomer, "ch01-one", 404, "not_onboarded"),
                (id, "../ch01-one", 422, "invalid_fields"), (id, "", 422, "invalid_fields"),
                (id, "a\\u0000b", 422, "invalid_fields"),
                (id, String(repeating: "a", count: 10_240), 422, "invalid_fields"),
            ] {
                let answer = try await server.send(
                    "POST", "/api/personalize", user: user, json: #"{"lesson_slug":"\#(slug)"}"#)
                #expect(answer.status == status, "\(slug.prefix(20))")
                #expect(answer["error"]?.text == error)
                if status == 422 { #expect(answer.list("errors", "pointer") == ["/lesson_slug"]) }
            }
        }
    }
}

import CurlHTTP
import Foundation
import Learners
import Testing

@testable import LearnerAPI

@Suite struct UserAPITests {
    @Test func anAccountIsMadeOnceAndFoundAgain() async throws {
        try await APIFixture.run { fixture, server in
            let id = UUID().uuidString.lowercased()
            let created = try await server.send("POST", "/api/user/create", json: #"{"user_id":"\#(id)"}"#)
            #expect(created.status == 201)
            #expect(created.headers.first("Location") == "/api/user/\(id)")
            #expect(created["id"]?.text == id)
            #expect(created["onboarding_completed"] == .bool(false))
            #expect(created["created_at"]?.text?.hasSuffix("Z") == true)

            let again = try await server.send("POST", "/api/user/create", json: #"{"user_id":"\#(id)"}"#)
            #expect(again.status == 409)
            #expect(again["error"]?.text == "already_exists")

            for body in [nil, Array("{}".utf8)] {
                let minted = try await server.send("POST", "/api/user/create", body: body)
                #expect(minted.status == 201)
                #expect(minted["id"]?.text?.count == 36)
            }
            #expect(try await server.send("GET", "/api/user/\(id)").status == 200)
            #expect(try await server.send("GET", "/api/user/\(id)", user: id).status == 200)
            let foreign = try await server.send("GET", "/api/user/\(id)", user: UUID().uuidString)
            #expect(foreign.status == 404)
            #expect(foreign["error"]?.text == "unknown_user")
            for unknown in [UUID().uuidString, "x", "%00", "..%2f..%2fetc"] {
                #expect(try await server.send("GET", "/api/user/\(unknown)").status == 404)
            }
        }
    }

    @Test func onboardingStoresTheAnswersAndNamesEveryBadField() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server, onboarded: false)
            let bad = try await server.send(
                "POST", "/api/onboarding",
                json: #"{"user_id":7,"education_level":"x","learning_goals":["hobby","sleep"],"extra":1}"#)
            #expect(bad.status == 422)
            #expect(
                Set(bad.list("errors", "pointer")) == [
                    "/user_id", "/education_level", "/programming_experience", "/robotics_background",
                    "/ai_ml_experience", "/learning_goals/1", "/extra",
                ])
            #expect(Set(bad.list("errors", "field")).count == 7)

            let stored = try await server.send(
                "POST", "/api/onboarding", json: #"{"user_id":"\#(id)",\#(APIFixture.answers)}"#)
            #expect(stored.status == 200)
            #expect(stored["user_id"]?.text == id)
            #expect(stored["preferred_language"]?.text == "en")
            #expect(stored.headers.first("ETag") != nil)
            let learner = try await server.send("GET", "/api/user/\(id)")
            #expect(learner["onboarding_completed"] == .bool(true))

            let unknown = try await server.send(
                "POST", "/api/onboarding", json: #"{"user_id":"\#(UUID().uuidString)",\#(APIFixture.answers)}"#)
            #expect(unknown.status == 404)
            let foreign = try await server.send(
                "POST", "/api/onboarding", user: UUID().uuidString,
                json: #"{"user_id":"\#(id)",\#(APIFixture.answers)}"#)
            #expect(foreign.status == 404)
        }
    }

    @Test func preferencesChangeOnlyUnderTheVersionTheCallerKnows() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let path = "/api/user/preferences"
            let read = try await server.send("GET", path, user: id)
            let tag = try #require(read.headers.first("ETag"))
            #expect(read.status == 200)
            #expect(read.headers.first("Vary") == "X-User-ID")
            #expect(read.headers.first("Cache-Control")?.contains("private") == true)
            #expect(try await server.send("GET", path, user: id, headers: [("If-None-Match", tag)]).status == 304)

            let changed = try await server.send(
                "PUT", path, user: id, headers: [("If-Match", tag)], json: #"{"preferred_language":"ur"}"#)
            #expect(changed.status == 200)
            #expect(changed["preferred_language"]?.text == "ur")
            #expect(changed["education_level"]?.text == "graduate")
            #expect(changed.headers.first("ETag") != tag)

            let late = try await server.send(
                "PUT", path, user: id, headers: [("If-Match", tag)], json: #"{"preferred_language":"en"}"#)
            #expect(late.status == 412)
            #expect(late["error"]?.text == "precondition_failed")
            let garbled = try await server.send("PUT", path, user: id, headers: [("If-Match", "x")], json: "{}")
            #expect(garbled.status == 400)
            #expect(try await server.send("PUT", path, user: id, json: "{}").status == 200)
            let bad = try await server.send("PUT", path, user: id, json: #"{"learning_goals":[],"id":"x"}"#)
            #expect(bad.status == 422)
            #expect(Set(bad.list("errors", "field")) == ["learning_goals", "id"])
        }
    }

    @Test func whoeverIsNotKnownGets404AndNever403() async throws {
        try await APIFixture.run { fixture, server in
            let stranger = UUID().uuidString.lowercased()
            let newcomer = try await fixture.learner(server, onboarded: false)
            for (method, path, body) in [
                ("GET", "/api/user/preferences", nil), ("PUT", "/api/user/preferences", "{}"),
                ("POST", "/api/personalize", #"{"lesson_slug":"ch01-one"}"#), ("GET", "/api/personalize/ch01-one", nil),
                ("DELETE", "/api/personalize/cache", nil), ("GET", "/api/operations/\(UUID().uuidString)", nil),
                ("DELETE", "/api/operations/\(UUID().uuidString)", nil),
            ] {
                let bytes = body.map { Array($0.utf8) }
                let unknown = try await server.send(method, path, user: stranger, body: bytes)
                #expect(unknown.status == 404, "\(method) \(path)")
                let missing = try await server.send(method, path, body: bytes)
                #expect(missing.status == 401, "\(method) \(path)")
                #expect(missing["error"]?.text == "missing_user_id")
                #expect(missing.headers.first("WWW-Authenticate") != nil)
                for malformed in ["x", "00000000-0000-0000-0000-000000000000", stranger + "0"] {
                    let answer = try await server.send(method, path, user: malformed, body: bytes)
                    #expect(answer.status == 422, "\(method) \(path)")
                    #expect(answer["error"]?.text == "invalid_user_id")
                }
                let twice = try await server.send(
                    method, path, user: stranger, headers: [("X-User-ID", stranger)], body: bytes)
                #expect(twice.status == 422)
            }
            let waiting = try await server.send("GET", "/api/user/preferences", user: newcomer)
            #expect(waiting.status == 404)
            #expect(waiting["error"]?.text == "not_onboarded")
        }
    }

    @Test func noLearnersIDAndNoSecretReachesTheLog() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send("GET", "/api/user/\(id)", user: id, headers: [("X-Request-ID", "from-proxy-1")])
            _ = try await server.send("GET", "/api/user/preferences", user: id)
            _ = try await server.send("POST", "/api/personalize", user: id, json: #"{"lesson_slug":"ch01-one"}"#)
            let lines = server.log.lines
            #expect(!lines.contains { $0.lowercased().contains(id) })
            let line = try #require(
                lines.first { $0.contains("request_id=from-proxy-1") && $0.contains("duration_ms=") })
            #expect(line.contains("route=/api/user/{user_id}"))
            #expect(line.contains("status=200"))
        }
    }
}

import CurlHTTP
import Foundation
import Hummingbird
import JobQueuePostgres
import Learners
import Personalization
import Postgres
import ServerTesting
import Testing

@testable import LearnerAPI

@Suite struct RequestExtrasAPITests {
    private static let ask = #"{"lesson_slug":"ch01-one"}"#

    private func post(
        _ server: APIServer, _ user: String, key: String, json: String = ask
    ) async throws -> APIServer.Answer {
        try await server.send(
            "POST", "/api/personalize", user: user, headers: [("Idempotency-Key", key)], json: json)
    }

    // MARK: Idempotency-Key

    @Test func `a repeated request is answered from its operation and starts nothing`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let first = try await self.post(server, user, key: "\"k-1\"")
            #expect(first.status == 202)
            // Quotes are a matter of form, and so is the order of a body's members and its white space.
            let second = try await self.post(server, user, key: "k-1", json: #"{ "lesson_slug" : "ch01-one" }"#)
            #expect(second.status == 202)
            #expect(second["operation", "id"] == first["operation", "id"])
            #expect(try await fixture.finishPersonalizations() == 1)
            let third = try await self.post(server, user, key: "k-1")
            #expect(third.status == 200 && third["personalized_content"]?.text?.contains("Written for you.") == true)
            // Without the key a cleared text would be written anew.
            _ = try await server.send("DELETE", "/api/personalize/cache", user: user)
            let fourth = try await self.post(server, user, key: "k-1")
            #expect(fourth.status == 404 && fourth["error"]?.text == "not_requested")
            let operations = try await fixture.database.queryOne("SELECT count(*) FROM lectern.operation")
            #expect(try operations?.decode(0, as: Int.self) == 1)
            // A hash is kept, and neither the key nor the learner's id.
            let row = try #require(
                try await fixture.database.queryOne("SELECT r::text AS row FROM lectern.request_key r"))
            let text = try row.decode("row", as: String.self)
            #expect(!text.contains("k-1") && !text.contains(user))
        }
    }

    @Test func `a key belongs to one request and to one learner`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            #expect(try await self.post(server, user, key: "k").status == 202)
            let other = try await self.post(server, user, key: "k", json: #"{"lesson_slug":"01-what-is/embodiment"}"#)
            #expect(other.status == 422)
            #expect(other["error"]?.text == "idempotency_key_reused")
            let stranger = try await fixture.learner(server)
            #expect(
                try await self.post(server, stranger, key: "k", json: #"{"lesson_slug":"01-what-is/embodiment"}"#)
                    .status == 202)
        }
    }

    @Test func `a refused request leaves its key free`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            #expect(try await self.post(server, user, key: "k", json: #"{"lesson_slug":"none"}"#).status == 404)
            #expect(try await self.post(server, user, key: "k").status == 202)
        }
    }

    @Test func `while a request is being answered, another under its key is told to come back`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let store = RequestKeyStore(database: fixture.database)
            let learner = try #require(LearnerID(user))
            let fingerprint = RequestKeyStore.Fingerprint(
                method: "POST", path: "/api/personalize",
                fields: [("lesson_slug", "ch01-one"), ("original_content", nil), ("webhook", nil)])
            guard case .claimed(let claim) = try await store.claim("k", of: learner, for: fingerprint) else {
                Issue.record("a new key is not free")
                return
            }
            let busy = try await self.post(server, user, key: "k")
            #expect(busy.status == 409)
            #expect(busy["error"]?.text == "request_in_progress")
            #expect(busy.headers.first("Retry-After") == "1")
            try await store.release(claim)
            #expect(try await self.post(server, user, key: "k").status == 202)
        }
    }

    @Test func `a claim whose process died is free after a while, and its late answer is not taken`() async throws {
        try await APIFixture.run { fixture, server in
            let store = RequestKeyStore(database: fixture.database)
            let learner = try #require(LearnerID(try await fixture.learner(server)))
            let fingerprint = RequestKeyStore.Fingerprint(method: "POST", path: "/x", fields: [])
            guard case .claimed(let lost) = try await store.claim("k", of: learner, for: fingerprint) else {
                Issue.record("a new key is not free")
                return
            }
            try await fixture.database.execute("UPDATE lectern.request_key SET expires_at = now()")
            guard case .claimed = try await store.claim("k", of: learner, for: fingerprint) else {
                Issue.record("an expired claim is not free")
                return
            }
            try await store.answer(lost, operation: UUID())
            #expect(try await store.claim("k", of: learner, for: fingerprint) == .inProgress)
            // The upkeep takes what is over, and nothing else.
            let upkeep = QueueUpkeep(database: fixture.database)
            #expect(try await upkeep.sweepRequests() == 0)
            try await fixture.database.execute("UPDATE lectern.request_key SET expires_at = now()")
            #expect(try await upkeep.sweepRequests() == 1)
        }
    }

    @Test func `of many requests at once under one key, one is carried out`() async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            let answers = try await withThrowingTaskGroup(of: APIServer.Answer.self) { group in
                for _ in 0..<20 { group.addTask { try await self.post(server, user, key: "k") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.status)).isSubset(of: [202, 409]))
            let ids = Set(answers.compactMap { $0["operation", "id"]?.text })
            #expect(ids.count == 1)
        }
    }

    @Test(arguments: ["", "a b", "é", String(repeating: "a", count: 256), "\"a\"b\"", "\"a\\", "\"\""])
    func `what is no key is refused`(key: String) async throws {
        try await APIFixture.run { fixture, server in
            let user = try await fixture.learner(server)
            #expect(try await self.post(server, user, key: key).status == 400)
        }
    }

    // MARK: Rates

    @Test func `a learner who asks too often is told when to come back`() async throws {
        let time = ManualTime()
        try await APIFixture.run(adjust: { dependencies, _ in
            dependencies.configuration.rates.learnerPerMinute = 3
            dependencies.time = time.keeper
        }) { fixture, server in
            let user = try await fixture.learner(server)
            for left in [2, 1, 0] {
                let answer = try await server.send("POST", "/api/personalize", user: user, json: Self.ask)
                #expect(answer.status == 202)
                #expect(answer.headers.first("RateLimit-Policy") == #""learner";q=3;w=60"#)
                #expect(answer.headers.first("RateLimit") == #""learner";r=\#(left);t=\#(60 - left * 20)"#)
            }
            let refused = try await server.send("POST", "/api/personalize", user: user, json: Self.ask)
            #expect(refused.status == 429)
            #expect(refused["error"]?.text == "rate_limited")
            #expect(refused.headers.first("Retry-After") == "20")
            #expect(refused.headers.first("RateLimit") == #""learner";r=0;t=20"#)
            // Others, polls and refused bodies are another matter.
            let other = try await fixture.learner(server)
            #expect(try await server.send("POST", "/api/personalize", user: other, json: Self.ask).status == 202)
            #expect(try await server.send("GET", "/api/personalize/ch01-one", user: user).status == 202)
            time.pass(.seconds(20))
            let bad = try await server.send("POST", "/api/personalize", user: user, json: "{}")
            #expect(bad.status == 422)
            #expect(bad.headers.first("RateLimit") != nil)
        }
    }

    @Test func `a hit does not count`() async throws {
        let time = ManualTime()
        try await APIFixture.run(adjust: { dependencies, _ in
            dependencies.configuration.rates.learnerPerMinute = 3
            dependencies.time = time.keeper
        }) { fixture, server in
            let user = try await fixture.learner(server)
            #expect(try await server.send("POST", "/api/personalize", user: user, json: Self.ask).status == 202)
            _ = try await fixture.finishPersonalizations()
            for _ in 0..<10 {
                #expect(try await server.send("POST", "/api/personalize", user: user, json: Self.ask).status == 200)
            }
        }
    }

    // MARK: CORS

    @Test func `a listed origin may read answers and errors, and no other may`() async throws {
        let boundary = RequestBoundary<BasicRequestContext>(
            crossOrigin: CrossOrigin(origins: ["https://app.example.org"]))
        try await APIFixture.run(boundary: boundary) { fixture, server in
            for (path, status) in [("/api/content/book", 200), ("/api/nothing", 404)] {
                let answer = try await server.send("GET", path, headers: [("Origin", "https://app.example.org")])
                #expect(answer.status == status)
                #expect(answer.headers.first("Access-Control-Allow-Origin") == "https://app.example.org")
                let exposed = answer.headers.first("Access-Control-Expose-Headers") ?? ""
                for name in ["Location", "Retry-After", "ETag", "RateLimit", "RateLimit-Policy", "Preference-Applied"] {
                    #expect(exposed.contains(name))
                }
                #expect(answer.headers.first("Access-Control-Allow-Credentials") == nil)
                #expect(answer.headers.all("Vary").joined(separator: ",").contains("Origin"))
            }
            for origin in ["https://evil.example", "https://app.example.org.evil.example", "null", "*"] {
                let answer = try await server.send("GET", "/api/content/book", headers: [("Origin", origin)])
                #expect(answer.headers.first("Access-Control-Allow-Origin") == nil)
                #expect(answer.headers.all("Vary").joined(separator: ",").contains("Origin"))
            }
            let preflight = try await server.send(
                "OPTIONS", "/api/personalize",
                headers: [("Origin", "https://app.example.org"), ("Access-Control-Request-Method", "POST")])
            #expect(preflight.status == 204)
            #expect(preflight.headers.first("Access-Control-Allow-Methods") == "OPTIONS, POST")
            #expect(preflight.headers.first("Access-Control-Allow-Headers")?.contains("X-User-ID") == true)
            #expect(preflight.headers.first("Access-Control-Max-Age") == "600")
        }
    }

    @Test func `without a list there is no word of other origins`() async throws {
        try await APIFixture.run { _, server in
            let answer = try await server.send(
                "OPTIONS", "/api/personalize",
                headers: [("Origin", "https://app.example.org"), ("Access-Control-Request-Method", "POST")])
            #expect(!answer.headers.contains { $0.name.lowercased().hasPrefix("access-control") })
        }
    }

    @Test func `origins are what browsers send`() {
        for text in ["https://a.example", "http://localhost:3000", "http://[::1]:80"] {
            #expect(CrossOrigin.isOrigin(text))
        }
        for text in ["", "*", "null", "https://", "a.example", "https://a.example/", "https://A.example", "ftp://a"] {
            #expect(!CrossOrigin.isOrigin(text))
        }
    }
}

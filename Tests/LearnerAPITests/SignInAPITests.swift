import CurlHTTP
import Foundation
import IdentityTesting
import Learners
import Postgres
import Testing

@testable import LearnerAPI

@Suite struct SignInAPITests {
    /// Every path of a learner's, with what it is asked with.
    private static let personal: [(method: String, path: String)] = [
        ("POST", "/api/user/create"), ("GET", "/api/user/ID"), ("DELETE", "/api/user/ID"),
        ("GET", "/api/user/ID/export"), ("POST", "/api/onboarding"), ("GET", "/api/user/preferences"),
        ("PUT", "/api/user/preferences"), ("POST", "/api/personalize"), ("GET", "/api/personalize/ch01-one"),
        ("DELETE", "/api/personalize/cache"), ("GET", "/api/progress"), ("GET", "/api/progress/lessons/ch01-one"),
        ("POST", "/api/progress/lessons/ch01-one/start"), ("POST", "/api/progress/lessons/ch01-one/complete"),
        ("PUT", "/api/progress/lessons/ch01-one/time"), ("GET", "/api/progress/recommendations"),
        ("POST", "/api/progress/recommendations/shown"), ("GET", "/api/operations/ID"),
        ("DELETE", "/api/operations/ID"), ("GET", "/api/operations/ID/events"),
    ]

    @Test func withoutAGoodTokenNobodyReachesALearnersPath() async throws {
        try await SignInBench.run { bench in
            let id = try await bench.learner("ann")
            let expired = try SignInBench.key.token(bench.claims("ann", expires: -600))
            let foreign = try SignInBench.key.token(bench.claims("ann", issuer: "https://elsewhere.example"))
            for (method, pattern) in Self.personal {
                let path = pattern.replacing("ID", with: id)
                let bare = try await bench.server.send(method, path, user: id)
                #expect(bare.status == 401, "\(method) \(path)")
                #expect(bare["error"]?.text == "missing_token")
                #expect(bare.headers.first("WWW-Authenticate") == #"Bearer realm="lectern""#)
                for token in [expired, foreign, "x", "", "a.b.c"] {
                    let refused = try await bench.server.send(
                        method, path, user: id, headers: [("Authorization", "Bearer  \(token)")])
                    #expect(refused.status == 401, "\(method) \(path)")
                    let challenge = refused.headers.first("WWW-Authenticate") ?? ""
                    #expect(token.isEmpty || challenge.contains(#"error="invalid_token", error_description=""#))
                }
            }
            #expect(!bench.server.log.lines.contains { $0.contains(id) || $0.contains(expired) })
        }
    }

    @Test func whatIsTheSameForEverybodyNeedsNoToken() async throws {
        try await SignInBench.run { bench in
            for path in [
                "/api/content/book", "/api/content/parts", "/api/content/parts/1", "/api/content/chapters/1",
                "/api/content/lessons/ch01-one", "/api/content/lessons/ch01-one/content", "/api/problems",
            ] { #expect(try await bench.server.send("GET", path).status == 200, "\(path)") }
            let found = try await bench.server.send("POST", "/api/search", json: #"{"query":"first lesson"}"#)
            #expect(found.status == 200)
        }
    }

    @Test func theIDBelongsToWhoSignedIn() async throws {
        try await SignInBench.run { bench in
            let (ann, bob) = (try await bench.learner("ann"), try await bench.learner("bob"))
            #expect(ann != bob && ann.count == 36)
            // With the header, and without it.
            #expect(try await bench.send("GET", "/api/progress", as: "ann", user: ann).status == 200)
            #expect(try await bench.send("GET", "/api/progress", as: "ann").status == 200)
            let read = try await bench.send("GET", "/api/user/preferences", as: "ann")
            #expect(read["user_id"]?.text == ann)
            #expect(read.headers.all("Vary").joined(separator: ",").contains("Authorization"))
            let started = try await bench.send(
                "POST", "/api/personalize", as: "bob", json: #"{"lesson_slug":"ch01-one"}"#)
            let operation = try #require(started["operation", "id"]?.text)
            for (method, pattern) in Self.personal where pattern != "/api/user/create" {
                let body = ["POST", "PUT"].contains(method) ? #"{"user_id":"\#(bob)",\#(APIFixture.answers)}"# : nil
                let path = pattern.replacing(
                    "ID", with: pattern.contains("operations") ? operation : bob)
                let named = try await bench.send(method, path, as: "ann", user: bob, json: body)
                #expect(named.status == 404, "\(method) \(path) \(named.text)")
                guard path.contains(bob) || path.contains(operation) || path.contains("onboarding") else { continue }
                let unnamed = try await bench.send(method, path, as: "ann", json: body)
                #expect(unnamed.status == 404, "\(method) \(path) \(unnamed.text)")
            }
            #expect(try await bench.send("GET", "/api/user/\(bob)", as: "bob").status == 200)
        }
    }

    @Test func whoSignsInHasOneAccount() async throws {
        try await SignInBench.run { bench in
            let id = UUID().uuidString.lowercased()
            let body = #"{"user_id":"\#(id)"}"#
            #expect(try await bench.send("GET", "/api/user/\(id)", as: "ann").status == 404)
            #expect(try await bench.send("GET", "/api/progress", as: "ann").status == 404)
            let created = try await bench.send("POST", "/api/user/create", as: "ann", json: body)
            #expect(created.status == 201 && created["id"]?.text == id)
            // On another device, the same person learns the id.
            for json in ["{}", body, #"{"user_id":"\#(UUID().uuidString)"}"#] {
                let again = try await bench.send("POST", "/api/user/create", as: "ann", json: json)
                #expect(again.status == 409)
                #expect(again.headers.first("Location") == "/api/user/\(id)")
            }
            let other = try await bench.send("POST", "/api/user/create", as: "bob", json: body)
            #expect(other.status == 409 && other.headers.first("Location") == nil)
            // What is deleted can be made anew, under another id.
            #expect(try await bench.send("DELETE", "/api/user/\(id)", as: "ann").status == 204)
            let anew = try await bench.send("POST", "/api/user/create", as: "ann", json: "{}")
            #expect(anew.status == 201 && anew["id"]?.text != id)
        }
    }

    @Test func anAnonymousLearnerIsTakenOverWithEverything() async throws {
        try await SignInBench.run { bench in
            let id = UUID().uuidString.lowercased()
            let store = LearnerStore(database: bench.fixture.database)
            let learner = try #require(LearnerID(id))
            _ = try await store.create(learner)
            _ = try await store.completeOnboarding(
                learner,
                profile: LearnerProfile(
                    educationLevel: .graduate, programmingExperience: .none, roboticsBackground: false,
                    aiMLExperience: .none, learningGoals: [.hobby]))
            let taken = try await bench.send(
                "POST", "/api/user/create", as: "ann", json: #"{"user_id":"\#(id)"}"#)
            #expect(taken.status == 201 && taken["onboarding_completed"] == .bool(true))
            #expect(try await bench.send("GET", "/api/user/preferences", as: "ann", user: id).status == 200)
            #expect(
                try await bench.send("POST", "/api/user/create", as: "bob", json: #"{"user_id":"\#(id)"}"#).status
                    == 409)
        }
    }

    @Test func oneOfManyFirstRequestsMakesTheAccount() async throws {
        try await SignInBench.run { bench in
            let answers = try await withThrowingTaskGroup(of: APIServer.Answer.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await bench.send("POST", "/api/user/create", as: "ann", json: "{}") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let made = answers.filter { $0.status == 201 }.compactMap { $0["id"]?.text }
            #expect(made.count == 1)
            #expect(answers.filter { $0.status == 409 }.count == 19)
            #expect(
                answers.filter { $0.status == 409 }.allSatisfy {
                    $0.headers.first("Location") == made.first.map { "/api/user/\($0)" }
                })
            #expect(try await bench.accounts() == 1)
        }
    }

    @Test func theExportNamesTheSignInAndDeletionForgetsIt() async throws {
        try await SignInBench.run { bench in
            let id = try await bench.learner("ann")
            let export = try await bench.send("GET", "/api/user/\(id)/export", as: "ann")
            #expect(export["sign_in", "issuer"]?.text == bench.issuer.url)
            #expect(export["sign_in", "subject"]?.text == "ann")
            let identity = LearnerIdentity(issuer: bench.issuer.url, subject: "ann")
            #expect(export["sign_in", "fingerprint"]?.text == identity.fingerprint)
            // Neither name stands in any row.
            let kept = try await bench.fixture.database.query("SELECT i::text AS row FROM lectern.learner_identity i")
            let rows = try kept.map { try $0.decode("row", as: String.self) }
            #expect(rows.count == 1 && rows[0].contains(identity.fingerprint))
            #expect(!rows[0].contains("ann") && !rows[0].contains(bench.issuer.url))
            #expect(try await bench.send("DELETE", "/api/user/\(id)", as: "ann").status == 204)
            let left = try await bench.fixture.database.query("SELECT FROM lectern.learner_identity")
            #expect(left.isEmpty)
        }
    }

    @Test func theRatesCountTheLearnerOfTheTokenWhateverTheHeaderSays() async throws {
        var rates = RateLimits()
        rates.learnerPerMinute = 3
        try await SignInBench.run(rates: rates) { bench in
            let (ann, bob) = (try await bench.learner("ann"), try await bench.learner("bob"))
            let order = #"{"lesson_slug":"ch01-one"}"#
            for user in [nil, ann, bob] {
                let answer = try await bench.send("POST", "/api/personalize", as: "ann", user: user, json: order)
                #expect(answer.status == (user == bob ? 404 : 202))
            }
            let more = try await bench.send("POST", "/api/personalize", as: "ann", user: bob, json: order)
            #expect(more.status == 429)
            // Nobody uses up what is another's.
            #expect(try await bench.send("POST", "/api/personalize", as: "bob", json: order).status == 202)
            // Who has no account yet is counted too, and new accounts are no way around it.
            for round in 0..<4 {
                let made = try await bench.send("POST", "/api/user/create", as: "new", json: "{}")
                #expect(made.status == (round < 3 ? 201 : 429))
                guard let id = made["id"]?.text else { continue }
                #expect(try await bench.send("DELETE", "/api/user/\(id)", as: "new").status == 204)
            }
        }
    }

    @Test func whereNobodySignsInATokenChangesNothing() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let headers = [(name: "Authorization", value: "Bearer x")]
            #expect(try await server.send("GET", "/api/progress", user: id, headers: headers).status == 200)
            #expect(try await server.send("GET", "/api/progress", headers: headers).status == 401)
        }
    }
}

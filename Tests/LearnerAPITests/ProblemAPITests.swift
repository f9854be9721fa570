import CurlHTTP
import Foundation
import Hummingbird
import Learners
import Postgres
import ServerTesting
import Synchronization
import Testing

@testable import LearnerAPI

@Suite struct ProblemAPITests {
    /// Holds for every refusal, whatever it is about.
    private static func check(
        _ answer: APIServer.Answer, _ status: ClosedRange<Int>, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(status.contains(answer.status), "\(what): \(answer.status)", sourceLocation: sourceLocation)
        #expect(
            answer.headers.first("Content-Type") == "application/problem+json", "\(what)",
            sourceLocation: sourceLocation)
        for member in ["type", "title", "detail", "instance", "error", "message", "request_id"] {
            #expect(
                answer[.name(member)]?.text?.isEmpty == false, "\(what): \(member)", sourceLocation: sourceLocation)
        }
        #expect(answer["status"] == .number(Double(answer.status)), "\(what)", sourceLocation: sourceLocation)
        for word in ["SELECT", "lectern.", "PostgreSQL", ".swift", "secret-host", "Optional("] {
            #expect(!answer.text.contains(word), "\(what): \(word)", sourceLocation: sourceLocation)
        }
    }

    /// What no JSON endpoint may take for a body, and never with a 5xx.
    private static let hostileBodies: [(name: String, bytes: [UInt8], status: Int)] = [
        ("an open object", Array("{".utf8), 400), ("an array", Array("[]".utf8), 400),
        ("null", Array("null".utf8), 400),
        ("a string", Array("\"x\"".utf8), 400), ("trailing garbage", Array("{} x".utf8), 400),
        ("two values", Array("{}{}".utf8), 400), ("a key twice", Array(#"{"a":1,"a":2}"#.utf8), 400),
        ("a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{}".utf8), 400), ("no UTF-8", [0x7B, 0xFF, 0x7D], 400),
        ("UTF-16", [0xFE, 0xFF, 0x00, 0x7B, 0x00, 0x7D], 400), ("NUL bytes", [0, 0, 0, 0], 400),
        (
            "65 levels",
            Array(("{\"a\":" + String(repeating: "[", count: 64) + String(repeating: "]", count: 64) + "}").utf8), 400
        ),
        ("60,000 levels", Array(String(repeating: "[", count: 60_000).utf8), 400),
        ("an endless number", Array(#"{"limit":1e999}"#.utf8), 400),
        ("half a pair", Array(#"{"query":"\ud800"}"#.utf8), 400),
        ("NUL in a string", Array(#"{"query":"a\u0000b"}"#.utf8), 422),
        ("an unknown field", Array(#"{"__proto__":{}}"#.utf8), 422),
        ("a name of many kilobytes", Array("{\"\(String(repeating: "n", count: 10_000))\":1}".utf8), 422),
        (
            "a thousand unknown fields",
            Array(("{" + (0..<1_000).map { "\"f\($0)\":1" }.joined(separator: ",") + "}").utf8), 422
        ),
        (
            "wrong types everywhere",
            Array(
                #"{"user_id":[],"lesson_slug":{},"original_content":7,"query":false,"limit":"x","filters":[],"education_level":1,"learning_goals":"x","robotics_background":"true"}"#
                    .utf8), 422
        ),
        (
            "SQL in every string",
            Array(
                #"{"user_id":"' OR 1=1 --","lesson_slug":"'; DROP TABLE x","query":null,"education_level":"'"}"#.utf8),
            422
        ),
    ]

    @Test func aHostileBodyIsNeverMoreThanABadRequest() async throws {
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            for (method, path) in [
                ("POST", "/api/user/create"), ("POST", "/api/onboarding"), ("PUT", "/api/user/preferences"),
                ("POST", "/api/personalize"), ("POST", "/api/search"),
            ] {
                for body in Self.hostileBodies {
                    let answer = try await server.send(method, path, user: id, body: body.bytes)
                    let what = "\(method) \(path) with \(body.name)"
                    Self.check(answer, body.status...body.status, what)
                    #expect(answer.body.count < 65_536, "\(what)")
                    if answer.status == 422 {
                        #expect((1...100).contains(answer.list("errors", "pointer").count), "\(what)")
                    }
                }
                let empty = try await server.send(method, path, user: id, body: path.hasSuffix("create") ? nil : [])
                #expect(empty.status == (path.hasSuffix("create") ? 201 : 400))

                let limit = path == "/api/personalize" ? 1024 * 1024 : 64 * 1024
                let large = try await server.send(
                    method, path, user: id, body: Array(repeating: UInt8(ascii: " "), count: limit + 1))
                Self.check(large, 413...413, "\(method) \(path) with too much")
                #expect(large["detail"]?.text?.contains("\(limit) bytes") == true)

                for type in [
                    nil, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
                    "application", "", ";", "application/jsonx",
                ] {
                    let answer = try await server.send(method, path, user: id, body: Array("{}".utf8), type: type)
                    Self.check(answer, 415...415, "\(method) \(path) as \(type ?? "nothing")")
                }
                let packed = try await server.send(
                    method, path, user: id, headers: [("Content-Encoding", "gzip")], body: [0x1F, 0x8B, 8, 0])
                Self.check(packed, 415...415, "\(method) \(path) compressed")
            }
        }
    }

    @Test func malformedJSONIsPlaced() async throws {
        try await APIFixture.run { _, server in
            let answer = try await server.send("POST", "/api/search", json: "{\n \"query\": x}")
            #expect(answer.status == 400)
            #expect(answer["detail"]?.text == "Expected a value at byte 12 (line 2, column 11).")
        }
    }

    @Test func whatDoesNotExistIsAProblemToo() async throws {
        try await APIFixture.run { _, server in
            for path in ["/api", "/api/", "/api/nothing", "/api/operations", "/nothing", "/%00", "/api/%zz"] {
                Self.check(try await server.send("GET", path), 404...404, path)
            }
            let escape = try await server.send("GET", "/api/content/lessons/%zz")
            Self.check(escape, 400...400, "a broken escape")
        }
    }

    @Test func anotherMethodIsToldWhatIsAllowed() async throws {
        try await APIFixture.run { _, server in
            for (method, path, allow) in [
                ("DELETE", "/api/content/book", "GET, HEAD, OPTIONS"), ("GET", "/api/personalize", "OPTIONS, POST"),
                ("PATCH", "/api/user/preferences", "GET, HEAD, OPTIONS, PUT"),
                ("TRACE", "/api/search", "OPTIONS, POST"), ("GET", "/api/user/create", "OPTIONS, POST"),
                ("DELETE", "/api/user/preferences", "GET, HEAD, OPTIONS, PUT"),
                ("PROPFIND", "/api/content/parts/1", "GET, HEAD, OPTIONS"),
            ] {
                let answer = try await server.send(method, path)
                Self.check(answer, 405...405, "\(method) \(path)")
                #expect(answer.headers.first("Allow") == allow)
            }
            let options = try await server.send("OPTIONS", "/api/search")
            #expect(options.status == 204)
            #expect(options.headers.first("Allow") == "OPTIONS, POST")
        }
    }

    @Test func anEndlessAddressIsRefused() async throws {
        try await APIFixture.run { _, server in
            for path in [
                "/api/content/lessons/" + String(repeating: "a", count: 10_240),
                "/x?" + String(repeating: "b", count: 9_000),
            ] {
                let answer = try await server.send("GET", path)
                Self.check(answer, 414...414, "an endless address")
                #expect(answer.body.count < 2_048)
            }
        }
    }

    @Test func withoutADatabaseEveryRequestIsToldToComeBack() async throws {
        try await APIFixture.withoutDatabase { server in
            let id = UUID().uuidString
            for (method, path, body) in [
                ("GET", "/api/content/book", nil), ("GET", "/api/content/lessons/x/content", nil),
                ("POST", "/api/user/create", "{}"), ("GET", "/api/user/preferences", nil),
                ("PUT", "/api/user/preferences", "{}"), ("GET", "/api/personalize/x", nil),
                ("POST", "/api/personalize", #"{"lesson_slug":"x"}"#), ("POST", "/api/search", #"{"query":"x"}"#),
                ("DELETE", "/api/personalize/cache", nil), ("GET", "/api/operations/\(id)", nil),
            ] {
                let answer = try await server.send(method, path, user: id, body: body.map { Array($0.utf8) })
                Self.check(answer, 503...503, "\(method) \(path)")
                #expect(answer["error"]?.text == "database_unavailable", "\(method) \(path)")
                #expect(answer.headers.first("Retry-After") == "2")
            }
            #expect(server.log.lines.contains { $0.hasPrefix("warning request failed") })
        }
    }

    @Test func anExhaustedPoolIsSaidToBeFull() async throws {
        let configure = { (configuration: inout PostgresConfiguration) in
            configuration.maximumConnections = 1
            configuration.acquireTimeout = .seconds(2)
        }
        try await APIFixture.run(configure: configure) { fixture, server in
            let answer = try await fixture.database.withConnection { _ in
                try await server.send("GET", "/api/content/book")
            }
            Self.check(answer, 503...503, "a full pool")
            #expect(answer["error"]?.text == "overloaded")
            #expect(answer.headers.first("Retry-After") == "1")
            #expect(try await server.send("GET", "/api/content/book").status == 200)
        }
    }

    @Test func moreRequestsThanTheProcessTakesAreSentAway() async throws {
        try await APIFixture.run(boundary: RequestBoundary(maximumRequests: 1)) { fixture, server in
            let (held, release) = AsyncStream<Void>.makeStream()
            fixture.bucket.mode.withLock { $0 = .held(held) }
            async let first = server.send("GET", "/api/content/lessons/ch01-one/content")
            #expect(try await eventually { fixture.bucket.reads.withLock { $0 } == 1 })
            let second = try await server.send("GET", "/api/content/book")
            Self.check(second, 503...503, "one too many")
            #expect(second["error"]?.text == "overloaded")
            #expect(second.headers.first("Retry-After") == "1")
            release.finish()
            #expect(try await first.status == 200)
            #expect(try await server.send("GET", "/api/content/book").status == 200)
        }
    }

    @Test func whatNobodyForesawIsA500WithoutDetails() async throws {
        let routes: @Sendable (APIFixture, Router<BasicRequestContext>) -> Void = { _, router in
            router.get("broken") { _, _ -> String in throw Away() }
        }
        try await APIFixture.run(routes: routes) { _, server in
            let answer = try await server.send("GET", "/broken", headers: [("X-Request-ID", "find-me")])
            Self.check(answer, 500...500, "the unforeseen")
            #expect(answer["request_id"]?.text == "find-me")
            #expect(
                server.log.lines.contains {
                    $0.hasPrefix("error request failed") && $0.contains("secret-host") && $0.contains("find-me")
                })
        }
    }

    @Test func everyAnswerCarriesItsNameAndTheSecurityHeaders() async throws {
        try await APIFixture.run { _, server in
            for path in ["/api/content/book", "/api/nothing", "/nothing"] {
                let answer = try await server.send("GET", path, headers: [("X-Request-ID", "bad id\t")])
                #expect(answer.headers.first("X-Request-ID")?.count == 32)
                #expect(answer.headers.first("X-Content-Type-Options") == "nosniff")
                #expect(answer.headers.first("Referrer-Policy") == "no-referrer")
                #expect(answer.headers.first("Content-Security-Policy")?.contains("default-src 'none'") == true)
                #expect(answer.headers.first("Cache-Control") != nil)
            }
        }
    }

    @Test func aRequestIsAStepOfItsCallersTrace() async throws {
        let traceID = "0af7651916cd43dd8448eb211c80319c"
        try await APIFixture.run { _, server in
            let answer = try await server.send(
                "GET", "/api/content/book", headers: [("traceparent", "00-\(traceID)-b7ad6b7169203331-01")])
            let step = answer.headers.first("traceparent") ?? ""
            #expect(step.hasPrefix("00-\(traceID)-") && step.hasSuffix("-01"))
            #expect(!step.contains("b7ad6b7169203331"))
            #expect(server.log.lines.contains { $0.contains(traceID) })
            let own = try await server.send("GET", "/api/content/book", headers: [("traceparent", "garbage")])
            #expect(own.headers.first("traceparent")?.utf8.count == 55)
        }
    }

    @Test func probesAreNotLogged() async throws {
        let routes: @Sendable (APIFixture, Router<BasicRequestContext>) -> Void = { _, router in
            router.get("livez") { _, _ in "ok" }
        }
        try await APIFixture.run(routes: routes) { _, server in
            #expect(try await server.send("GET", "/livez").status == 200)
            _ = try await server.send("GET", "/api/content/book")
            let lines = server.log.lines.filter { $0.contains("duration_ms=") }
            #expect(lines.count == 1)
            #expect(lines.first?.contains("route=/api/content/book") == true)
        }
    }

    @Test func everyKindOfProblemHasItsPage() async throws {
        try await APIFixture.run { _, server in
            for type in ProblemType.allCases {
                let page = try await server.send("GET", type.uri)
                #expect(page.status == 200)
                #expect(page["status"] == .number(Double(type.status.code)))
                #expect(page["advice"]?.text == type.advice)
            }
            #expect(try await server.send("GET", "/api/problems/none").status == 404)
        }
    }

    @Test func aPageForPeopleStandsInForAProblemOutsideOfTheAPI() async throws {
        let boundary = RequestBoundary<BasicRequestContext>(errorPage: { _, status, title, _ in
            Response(
                status: status, headers: [.contentType: "text/html"], body: .init(byteBuffer: .init(string: title)))
        })
        try await APIFixture.run(boundary: boundary) { _, server in
            let page = try await server.send("GET", "/nothing")
            #expect(page.status == 404)
            #expect(page.text == "Not found")
            Self.check(try await server.send("GET", "/api/nothing"), 404...404, "the API")
        }
    }

    @Test func whileTheProcessLeavesEveryAnswerEndsItsConnection() async throws {
        let isLeaving = Atomic(false)
        let boundary = RequestBoundary<BasicRequestContext>(isLeaving: { isLeaving.load(ordering: .acquiring) })
        try await APIFixture.run(boundary: boundary) { _, server in
            let before = try await server.send("GET", "/api/content/book")
            #expect(before.headers.first("Connection") == nil)
            isLeaving.store(true, ordering: .releasing)
            for path in ["/api/content/book", "/api/nothing"] {
                let answer = try await server.send("GET", path)
                #expect(answer.headers.first("Connection") == "close")
            }
        }
    }
}

import CurlHTTP
import HTTPTypes
import Hummingbird
import JobQueuePostgres
import Operators
import Postgres
import Testing

@testable import LearnerAPI
@testable import OperatorConsole

@Suite struct OperatorConsoleTests {
    private static let token = "0123456789abcdef-secret"

    private static func run(
        token: String? = nil, on host: String,
        _ body: @Sendable @escaping (APIFixture, APIServer) async throws -> Void
    ) async throws {
        let routes: @Sendable (APIFixture, Router<BasicRequestContext>) -> Void = { fixture, router in
            let access = OperatorAccess(
                token: token, listeningOn: host, keys: OperatorKeys(database: fixture.database),
                sessions: OperatorSessions(database: fixture.database))
            do {
                try OperatorConsole(fixture.consoleBackends, access: access).addRoutes(to: router)
            } catch {
                Issue.record(error)
            }
        }
        try await APIFixture.run(routes: routes, body)
    }

    @Test func theOverviewShowsQueuesWorkersAndDeadLetters() async throws {
        try await Self.run(on: "127.0.0.1") { fixture, server in
            let id = try await fixture.learner(server)
            _ = try await server.send("POST", "/api/personalize", user: id, json: #"{"lesson_slug":"ch01-one"}"#)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.worker (name, queues, slots, running, seen_at)
                VALUES ('host/1/sync', '{sync}', 4, 2, now()), ('host/2/embed', '{embed}', 2, 1, now() - interval '1 minute')
                """)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, attempt, crashes,
                    code, message)
                VALUES (7, 'embed', 'embed_lesson', '{"secret":"args"}', 10, 3, 1000, 3, 0, 'vectors_unreachable', '<b>no</b>')
                """)
            try await fixture.database.execute(
                """
                INSERT INTO lectern.ready (queue, lane, tag, job_id)
                SELECT 'flood', 10, n, n FROM generate_series(1, 1500) AS n
                """)
            try await fixture.database.execute(
                "INSERT INTO lectern.blocked (job_id, queue, lane, tag, gate) VALUES (8, 'sync', 10, 8, 'kind:sync_book')"
            )
            try await fixture.database.execute(
                "INSERT INTO lectern.queue_control (queue, paused_until) VALUES ('embed', 'infinity')")
            let overview = try await QueueOverviewStore(database: fixture.database).overview()
            #expect(overview.queues.map(\.name) == ["embed", "flood", "personalize", "sync"])
            #expect(overview.queues.map(\.ready) == [0, 1_001, 1, 0])
            #expect(overview.queues.map(\.dead) == [1, 0, 0, 0])
            #expect(overview.queues.map(\.blocked) == [0, 0, 0, 1])
            #expect(overview.queues.map(\.isPaused) == [true, false, false, false])
            #expect(overview.queues[2].oldestReadyAge != nil)
            #expect(overview.workers.map(\.name) == ["host/1/sync", "host/2/embed"])

            let page = try await server.send("GET", "/ops")
            #expect(page.status == 200)
            #expect(page.text.contains("more than 1000"))
            #expect(page.text.contains("<td data-number=\"state\">paused</td>"))
            #expect(page.text.contains("vectors_unreachable"))
            #expect(page.text.contains("&lt;b&gt;no"))
            #expect(!page.text.contains("secret"))
            #expect(page.headers.first("Cache-Control") == "no-store")
            let workers = try await server.send("GET", "/ops/workers")
            #expect(workers.text.contains("2 of 4"))
            #expect(workers.text.contains("not seen"))
            #expect(try await server.send("GET", "/ops/console.css").status == 200)
            let post = try await server.send("POST", "/ops", json: "{}")
            #expect(post.status == 405)
        }
    }

    @Test func whoeverLacksTheTokenIsAskedForIt() async throws {
        try await Self.run(token: Self.token, on: "0.0.0.0") { _, server in
            for header in [nil, "Bearer x", "Bearer \(Self.token)x", "Basic \(Self.token)", Self.token] {
                let headers = header.map { [(name: "Authorization", value: $0)] } ?? []
                let answer = try await server.send("GET", "/ops", headers: headers)
                #expect(answer.status == 401)
                #expect(answer.headers.first("WWW-Authenticate") == "Bearer realm=\"operators\"")
                #expect(!answer.text.contains("X-User-ID"))
            }
            let allowed = [(name: "Authorization", value: "bearer \(Self.token)")]
            #expect(try await server.send("GET", "/ops", headers: allowed).status == 200)
            #expect(!server.log.lines.contains { $0.contains(Self.token) })
        }
    }

    @Test func withoutATokenOnlyKeysOpenWhatIsNotOnTheLoopbackAddress() async throws {
        let forwarded = try #require(HTTPField.Name("X-Forwarded-For"))
        for host in ["0.0.0.0", "::", "10.0.0.1", "example.org"] {
            #expect(OperatorDoor(token: nil, listeningOn: host) == .keys)
        }
        #expect(OperatorDoor(token: "short", listeningOn: "127.0.0.1") == .keys)
        #expect(OperatorDoor(token: nil, listeningOn: "127.0.0.1") == .loopback)
        for authority in ["127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]:8000"] {
            #expect(Self.isLocal(authority: authority))
        }
        for authority in [nil, "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
            #expect(!Self.isLocal(authority: authority))
        }
        #expect(!Self.isLocal(headers: [forwarded: "10.1.1.1"]))
        try await Self.run(on: "0.0.0.0") { _, server in
            let answer = try await server.send("GET", "/ops")
            #expect(answer.status == 401)
        }
    }

    private static func isLocal(authority: String? = "localhost:8000", headers: HTTPFields = [:]) -> Bool {
        let head = HTTPRequest(
            method: .get, scheme: "http", authority: authority, path: "/ops", headerFields: headers)
        return OperatorDoor.isLocal(Request(head: head, body: .init(buffer: ByteBuffer())))
    }

    @Test func aKeyOpensWhatItsRoleMayDoUntilItIsRevoked() async throws {
        try await Self.run(on: "0.0.0.0") { fixture, server in
            let keys = OperatorKeys(database: fixture.database)
            var generator = SystemRandomNumberGenerator()
            let boss = Operator(name: "test", role: .admin)
            let viewer = try await keys.issue(name: "night", role: .viewer, lifetime: nil, by: boss, using: &generator)
            let syncer = try await keys.issue(name: "ci", role: .syncer, lifetime: nil, by: boss, using: &generator)
            let past = try await keys.issue(
                name: "past", role: .admin, lifetime: .seconds(-1), by: boss, using: &generator)
            func status(_ token: String) async throws -> Int {
                try await server.send("GET", "/ops", headers: [(name: "Authorization", value: "Bearer \(token)")])
                    .status
            }
            #expect(try await status(viewer.token) == 200)
            #expect(try await status(syncer.token) == 403)
            #expect(try await status(past.token) == 401)
            #expect(try await status(viewer.token + "0") == 401)
            #expect(try await status(viewer.token.replacing("_\(viewer.key.id)_", with: "_\(past.key.id)_")) == 401)
            #expect(try await keys.revoke(viewer.key.id))
            #expect(try await status(viewer.token) == 401)
            let again = try await keys.revoke(viewer.key.id)
            #expect(!again)
            #expect(!server.log.lines.contains { $0.contains(viewer.token.suffix(64)) })
        }
    }

    @Test func manyWrongCredentialsEndTheGuessingButNotTheWorkOfOthers() async throws {
        try await Self.run(token: Self.token, on: "0.0.0.0") { _, server in
            func status(_ token: String) async throws -> Int {
                try await server.send("GET", "/ops", headers: [(name: "Authorization", value: "Bearer \(token)")])
                    .status
            }
            let first = try await status(Self.token)
            #expect(first == 200)
            for _ in 0..<FailedAttempts.limit { #expect(try await status("guess") == 401) }
            #expect(try await status("guess") == 429)
            #expect(try await status(Self.token) == 200)
        }
    }
}

import CurlHTTP
import HTTPTypes
import Hummingbird
import JobQueuePostgres
import Postgres
import Testing

@testable import LearnerAPI
@testable import OperatorConsole

@Suite struct OperatorConsoleTests {
    private static let token = "0123456789abcdef-secret"

    private static func run(
        _ access: OperatorAccess, _ body: @Sendable @escaping (APIFixture, APIServer) async throws -> Void
    ) async throws {
        let routes: @Sendable (APIFixture, Router<BasicRequestContext>) -> Void = { fixture, router in
            do {
                try OperatorConsole(store: QueueOverviewStore(database: fixture.database), access: access)
                    .addRoutes(to: router)
            } catch {
                Issue.record(error)
            }
        }
        try await APIFixture.run(routes: routes, body)
    }

    @Test func theOverviewShowsQueuesWorkersAndDeadLetters() async throws {
        try await Self.run(OperatorAccess(token: nil, listeningOn: "127.0.0.1")) { fixture, server in
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
            #expect(page.text.contains("embed (paused)"))
            #expect(page.text.contains("2 of 4"))
            #expect(page.text.contains("not seen"))
            #expect(page.text.contains("vectors_unreachable"))
            #expect(page.text.contains("&lt;b&gt;no"))
            #expect(!page.text.contains("secret"))
            #expect(page.headers.first("Cache-Control") == "no-store")
            #expect(try await server.send("GET", "/ops/console.css").status == 200)
            let post = try await server.send("POST", "/ops", json: "{}")
            #expect(post.status == 405)
        }
    }

    @Test func whoeverLacksTheTokenIsAskedForIt() async throws {
        try await Self.run(OperatorAccess(token: Self.token, listeningOn: "0.0.0.0")) { _, server in
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

    @Test func withoutATokenOnlyTheLoopbackAddressHasAConsole() async throws {
        for host in ["0.0.0.0", "::", "10.0.0.1", "example.org"] {
            #expect(Self.decision(OperatorAccess(token: nil, listeningOn: host)) == .hidden)
        }
        #expect(Self.decision(OperatorAccess(token: "short", listeningOn: "127.0.0.1")) == .hidden)
        let loopback = OperatorAccess(token: nil, listeningOn: "127.0.0.1")
        for authority in ["127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]:8000"] {
            #expect(Self.decision(loopback, authority: authority) == .allowed)
        }
        for authority in [nil, "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
            #expect(Self.decision(loopback, authority: authority) == .hidden)
        }
        #expect(Self.decision(loopback, headers: [.init("X-Forwarded-For") ?? .accept: "10.1.1.1"]) == .hidden)
        try await Self.run(.nobody) { _, server in
            let answer = try await server.send("GET", "/ops")
            #expect(answer.status == 404)
        }
    }

    private static func decision(
        _ access: OperatorAccess, authority: String? = "localhost:8000", headers: HTTPFields = [:]
    ) -> OperatorAccess.Decision {
        let head = HTTPRequest(
            method: .get, scheme: "http", authority: authority, path: "/ops", headerFields: headers)
        return access.decide(Request(head: head, body: .init(buffer: ByteBuffer())))
    }
}

import CurlHTTP
import Hummingbird
import JobQueue
import JobQueuePostgres
import Learners
import Logging
import Operators
import Postgres
import Testing
import TextbookSync

@testable import LearnerAPI
@testable import OperatorConsole

/// What operators do over HTTP, each with a key of a role.
@Suite struct OperatorAPITests {
    private struct Keys {
        var viewer: String
        var operatorKey: String
        var syncer: String
    }

    private static func run(
        _ body: @Sendable @escaping (APIFixture, APIServer, Keys) async throws -> Void
    ) async throws {
        let routes: @Sendable (APIFixture, Router<BasicRequestContext>) -> Void = { fixture, router in
            let (database, logger) = (fixture.database, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let queue = PostgresJobQueue(database: database, logger: logger)
            let access = OperatorAccess(
                token: nil, listeningOn: "0.0.0.0", keys: OperatorKeys(database: database),
                sessions: OperatorSessions(database: database))
            OperatorAPI(
                access: access, audit: AuditTrail(database: database),
                parts: OperatorAPI.Parts(
                    resyncs: ResyncService(database: database, queue: queue), uploads: BookUploads(database: database),
                    releases: ReleaseDirectory(database: database, queue: queue, bookSlug: nil),
                    scales: QueueScales(database: database), overview: QueueOverviewStore(database: database),
                    jobs: JobList(database: database), inspector: JobInspector(database: database),
                    workers: WorkerControl(database: database), budgets: JobBudgets(database: database, queue: queue),
                    actions: OperatorActions(database: database, queue: queue))
            ).addRoutes(to: router)
        }
        try await APIFixture.run(routes: routes) { fixture, server in
            var generator = SystemRandomNumberGenerator()
            let boss = Operator(name: "test", role: .admin)
            var tokens: [String] = []
            for role in [OperatorRole.viewer, .operator, .syncer] {
                tokens.append(
                    try await OperatorKeys(database: fixture.database).issue(
                        name: role.rawValue, role: role, lifetime: nil, by: boss, using: &generator
                    ).token)
            }
            try await body(
                fixture, server, Keys(viewer: tokens[0], operatorKey: tokens[1], syncer: tokens[2]))
        }
    }

    private static func bury(_ id: Int64, in fixture: APIFixture) async throws {
        try await fixture.database.execute(
            """
            INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, attempt, crashes,
                code, message)
            VALUES (\(id), 'personalize', 'personalize_lesson', '{"secret":"of a person"}', 10, 3, 1000, 3, 0,
                'model_failed', 'no')
            """)
    }

    private static func key(_ token: String) -> [(name: String, value: String)] {
        [(name: "Authorization", value: "Bearer \(token)")]
    }

    private static func post(
        _ server: APIServer, _ path: String, _ token: String, _ json: String = "{}"
    ) async throws -> APIServer.Answer {
        try await server.send("POST", "/api/ops/v1/\(path)", headers: Self.key(token), body: Array(json.utf8))
    }

    @Test func whoeverMayOnlyReadSteersNothing() async throws {
        try await Self.run { fixture, server, keys in
            try await Self.bury(7, in: fixture)
            let steering = [
                "queues/embed/pause", "queues/embed/resume", "kinds/embed_lesson/pause", "jobs/7/retry",
                "jobs/7/cancel", "jobs/7/discard", "jobs:apply", "workers/1/stop", "releases/1/rollback", "resyncs",
            ]
            for path in steering {
                let answer = try await Self.post(server, path, keys.viewer)
                #expect(answer.status == 403, "\(path)")
            }
            for path in steering.dropLast() + ["jobs:plan"] {
                let answer = try await Self.post(server, path, keys.syncer)
                #expect(answer.status == 403, "\(path)")
            }
            for path in ["queues", "jobs", "jobs/7", "workers", "audit", "budgets", "releases", "autoscale"] {
                let answer = try await server.send("GET", "/api/ops/v1/\(path)", headers: Self.key(keys.viewer))
                #expect(answer.status == 200, "\(path)")
            }
            let lines = try await AuditTrail(database: fixture.database).lines()
            #expect(lines.isEmpty)
            let paused = try await QueueOverviewStore(database: fixture.database).overview().queues.filter(\.isPaused)
            #expect(paused.isEmpty)
        }
    }

    @Test func aPauseHoldsUntilItIsEndedAndIsWrittenDown() async throws {
        try await Self.run { fixture, server, keys in
            let paused = try await Self.post(
                server, "queues/embed/pause", keys.operatorKey, #"{"seconds":600,"reason":"the server moves"}"#)
            #expect(paused.status == 200)
            #expect(paused["target"] == .string("queue embed"))
            let queues = try await QueueOverviewStore(database: fixture.database).overview().queues
            #expect(queues.filter(\.isPaused).map(\.name) == ["embed"])
            let resumed = try await Self.post(server, "queues/embed/resume", keys.operatorKey)
            #expect(resumed["paused"] == .bool(false))
            let lines = try await AuditTrail(database: fixture.database).lines()
            #expect(lines.map(\.act.action) == ["queue.resume", "queue.resume", "queue.pause", "queue.pause"])
            #expect(lines[3].act.reason == "the server moves")
            #expect(lines.allSatisfy { $0.actor.hasSuffix("(operator)") })
            for (path, json, status) in [
                ("queues/nothing/pause", "{}", 404), ("kinds/nothing/resume", "{}", 404),
                ("queues/embed/pause", #"{"seconds":0}"#, 422), ("queues/embed/pause", #"{"reason":""}"#, 422),
                ("queues/embed/pause", "[]", 400), ("queues/embed/pause", #"{"seconds":"x"}"#, 400),
            ] {
                let answer = try await Self.post(server, path, keys.operatorKey, json)
                #expect(answer.status == status, "\(path) \(json)")
            }
        }
    }

    @Test func argumentsThatPointAtAPersonAreShownToNobody() async throws {
        try await Self.run { fixture, server, keys in
            try await Self.bury(7, in: fixture)
            for key in [keys.viewer, keys.operatorKey] {
                let answer = try await server.send("GET", "/api/ops/v1/jobs/7", headers: Self.key(key))
                #expect(answer.status == 200)
                #expect(!answer.text.contains("of a person"))
                #expect(answer["arguments"] == .string(#"{"secret":"***"}"#))
                #expect(answer["state"] == .string("dead"))
            }
        }
    }

    private static func text(_ value: ProfileValue?) -> String {
        guard case .string(let text) = value else { return "" }
        return text
    }

    private static func number(_ value: ProfileValue?) -> Int {
        guard case .number(let number) = value else { return -1 }
        return Int(number)
    }

    @Test func manyJobsAreStoppedOnlyAsTheyWerePlanned() async throws {
        try await Self.run { fixture, server, keys in
            for id in 1...3 { try await Self.bury(Int64(id), in: fixture) }
            let filter = #""action":"discard","queue":"personalize","code":"model_failed""#
            let plan = try await Self.post(server, "jobs:plan", keys.viewer, "{" + filter + "}")
            let (count, hash) = (Self.number(plan["count"]), Self.text(plan["hash"]))
            #expect(count == 3)
            let unreasoned = "{" + filter + #","hash":""# + hash + #""}"#
            let order = "{" + filter + #","reason":"the model is gone","hash":""# + hash + #""}"#
            try await Self.bury(4, in: fixture)
            let moved = try await Self.post(server, "jobs:apply", keys.operatorKey, order)
            #expect(moved.status == 409)
            try await fixture.database.execute("DELETE FROM lectern.dead WHERE job_id = 4")
            let refused = try await Self.post(server, "jobs:apply", keys.operatorKey, unreasoned)
            #expect(refused.status == 422)
            let done = try await Self.post(server, "jobs:apply", keys.operatorKey, order)
            let ended = Self.number(done["done"])
            #expect(ended == 3)
            let letters = try await fixture.database.query("SELECT FROM lectern.dead")
            #expect(letters.isEmpty)
            let lines = try await AuditTrail(database: fixture.database).lines()
            #expect(lines.map(\.outcome) == [.done, .asked])
            #expect(lines[0].act.detail == #"{"done":3,"skipped":0}"#)
            let wrong = try await Self.post(server, "jobs:plan", keys.viewer, #"{"action":"retry","state":"running"}"#)
            #expect(wrong.status == 422)
        }
    }

    @Test func jobsComePageByPage() async throws {
        try await Self.run { fixture, server, keys in
            for id in 1...5 { try await Self.bury(Int64(id), in: fixture) }
            let first = try await server.send(
                "GET", "/api/ops/v1/jobs?queue=personalize&state=dead&page_size=3", headers: Self.key(keys.viewer))
            #expect(first.list("jobs", "id") == ["5", "4", "3"])
            let link = try #require(first.headers.first("Link"))
            #expect(link.hasSuffix(#">; rel="next""#))
            let address = try #require(link.dropFirst().split(separator: ">").first)
            let second = try await server.send("GET", String(address), headers: Self.key(keys.viewer))
            #expect(second.list("jobs", "id") == ["2", "1"])
            #expect(second.headers.first("Link") == nil)
            let other = try await server.send("GET", "/api/ops/v1/jobs?code=none", headers: Self.key(keys.viewer))
            #expect(other.list("jobs", "id") == [])
            let unknown = try await server.send("GET", "/api/ops/v1/jobs?state=lost", headers: Self.key(keys.viewer))
            #expect(unknown.status == 422)
        }
    }

    @Test func aDeadLetterRunsAgainOnce() async throws {
        try await Self.run { fixture, server, keys in
            try await Self.bury(7, in: fixture)
            let first = try await Self.post(server, "jobs/7/retry", keys.operatorKey)
            #expect(first.status == 200)
            #expect(first["result"] == .string("redriven"))
            let again = try await Self.post(server, "jobs/7/retry", keys.operatorKey)
            #expect(again.status == 404)
            let cancelled = try await Self.post(server, "jobs/7/cancel", keys.operatorKey)
            #expect(cancelled.status == 202)
            let late = try await Self.post(server, "jobs/7/cancel", keys.operatorKey)
            #expect(late.status == 409)
        }
    }
}

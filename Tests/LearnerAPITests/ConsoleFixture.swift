import CurlHTTP
import Hummingbird
import JobQueuePostgres
import Logging
import Operators
import Personalization
import Postgres
import Testing
import TextbookSync

@testable import LearnerAPI
@testable import OperatorConsole

extension APIFixture {
    /// What the console stands on.
    var consoleBackends: ConsoleBackends {
        let database = self.database
        let queue = PostgresJobQueue(
            database: database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return ConsoleBackends(
            overview: QueueOverviewStore(database: database), statistics: QueueStatistics(database: database),
            inspector: JobInspector(database: database), jobs: JobList(database: database),
            control: QueueControl(database: database), workers: WorkerControl(database: database),
            scales: QueueScales(database: database), limiters: PostgresLimiters(database: database),
            budgets: JobBudgets(database: database, queue: queue),
            resyncs: ResyncService(database: database, queue: queue),
            releases: ReleaseDirectory(database: database, queue: queue), ledger: ModelLedger(database: database),
            audit: AuditTrail(database: database), actions: OperatorActions(database: database, queue: queue))
    }

    /// Makes a key and answers what its owner sends.
    func key(_ role: OperatorRole) async throws -> String {
        var generator = SystemRandomNumberGenerator()
        return try await OperatorKeys(database: self.database).issue(
            name: "test \(role.rawValue)", role: role, lifetime: nil, by: Operator(name: "test", role: .admin),
            using: &generator
        ).token
    }
}

/// Somebody with a browser that signed in to the console of a server.
struct ConsoleBrowser {
    let server: APIServer
    let cookie: String

    /// Signs in by the form.
    init(_ server: APIServer, key: String) async throws {
        let answer = try await server.send(
            "POST", "/ops/sign-in", headers: [("Sec-Fetch-Site", "same-origin"), ("Accept", "text/html")],
            body: Array("key=\(key)".utf8), type: "application/x-www-form-urlencoded")
        #expect(answer.status == 303)
        self.server = server
        self.cookie = answer.headers.first("Set-Cookie").map { String($0.prefix { $0 != ";" }) } ?? ""
    }

    func open(_ path: String) async throws -> APIServer.Answer {
        try await self.server.send("GET", path, headers: [("Cookie", self.cookie), ("Accept", "text/html")])
    }

    /// Sends a form, as a page of the console does.
    func send(_ path: String, _ form: String, site: String = "same-origin") async throws -> APIServer.Answer {
        try await self.server.send(
            "POST", path,
            headers: [("Cookie", self.cookie), ("Accept", "text/html"), ("Sec-Fetch-Site", site)],
            body: Array(form.utf8), type: "application/x-www-form-urlencoded")
    }
}

extension ConsoleBrowser {
    /// Runs `body` with the API and a console that only keys open.
    static func run(
        _ body: @Sendable @escaping (APIFixture, APIServer) async throws -> Void
    ) async throws {
        try await APIFixture.run(routes: { fixture, router in
            let access = OperatorAccess(
                token: nil, listeningOn: "0.0.0.0", keys: OperatorKeys(database: fixture.database),
                sessions: OperatorSessions(database: fixture.database))
            do {
                try OperatorConsole(fixture.consoleBackends, access: access).addRoutes(to: router)
            } catch {
                Issue.record(error)
            }
        }) { fixture, server in try await body(fixture, server) }
    }
}

extension APIFixture {
    /// Puts a dead letter into the queue `webhook`.
    func bury(_ id: Int64, kind: String = "deliver_webhook", arguments: String = "{}", message: String = "no answer")
        async throws
    {
        try await self.database.execute(
            """
            INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, attempt, crashes, code,
                message)
            VALUES (\(id), 'webhook', \(kind), \(arguments)::jsonb, 10, 3, 1000, 3, 0, 'unreachable', \(message))
            """)
    }

    /// A number, such as a count.
    func number(_ statement: SQL) async throws -> Int {
        try await self.database.queryOne(statement)?.decode(0) ?? -1
    }
}

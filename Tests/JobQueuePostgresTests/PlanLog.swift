import Logging
import Postgres
import PostgresTesting
import Schema
import Synchronization

@testable import JobQueuePostgres

/// A migrated database on a server that tells the plan of every statement, also of those inside functions.
struct PlanLog: Sendable {
    /// One statement that ran: its text, its plan line by line.
    struct Entry: Sendable {
        var text: String
        var plan: [String]

        var pages: Int { QueueAudit.pages(in: self.plan) ?? 0 }
    }

    private final class Notices: Sendable {
        let texts = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let notices: Notices
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard let notice = event.metadata?["notice"] else { return }
            self.notices.texts.withLock { $0.append("\(notice)") }
        }
    }

    let database: PostgresClient
    private let notices: Notices

    /// Runs `body` with a server of its own, where nothing but `body` changes what the planner knows.
    static func with(_ body: (PlanLog) async throws -> Void) async throws {
        let settings = [
            "session_preload_libraries=auto_explain", "autovacuum=off", "auto_explain.log_analyze=on",
            "auto_explain.log_buffers=on", "auto_explain.log_timing=off", "auto_explain.log_nested_statements=on",
        ]
        try await withCluster(settings: settings) { cluster in
            let notices = Notices()
            let database = PostgresClient(
                configuration: PostgresConfiguration(url: cluster.url()),
                logger: Logger(label: "plans") { _ in Handler(notices: notices) })
            do {
                try await Migrator(
                    database: database, migrations: try Migration.bundled(), logger: QueueFixture.logger
                ).up()
                try await body(PlanLog(database: database, notices: notices))
                await database.close()
            } catch {
                await database.close()
                throw error
            }
        }
    }

    /// What the server did for one statement; the outermost comes last.
    func plans(of statement: SQL, on connection: PostgresConnection) async throws -> [Entry] {
        try await connection.execute("SET client_min_messages = log")
        try await connection.execute("SET auto_explain.log_min_duration = 0")
        self.notices.texts.withLock { $0 = [] }
        try await connection.query(statement, timeout: .seconds(60))
        let texts = self.notices.texts.withLock { $0 }
        try await connection.execute("SET auto_explain.log_min_duration = -1")
        try await connection.execute("RESET client_min_messages")
        return texts.filter { $0.contains("Query Text:") }.map { text in
            let lines = text.split(separator: "\n").map(String.init)
            // The plan begins with the first line that tells rows; the statement stands before it.
            let start = lines.firstIndex { $0.contains("(cost=") } ?? lines.count
            return Entry(text: lines[..<start].joined(separator: "\n"), plan: Array(lines[start...]))
        }
    }
}

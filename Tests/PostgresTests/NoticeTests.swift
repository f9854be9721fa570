import Logging
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct NoticeTests {
    @Test func noticesGoToTheLogAtDebug() async throws {
        let entries = LogEntries()
        var logger = Logger(label: "test") { _ in CapturingLogHandler(entries: entries) }
        logger.logLevel = .debug
        try await withTestDatabase { url in
            try await withClient(url, logger: logger) { client in
                try await client.execute("DO 'BEGIN RAISE WARNING ''mind the gap''; END'")
            }
        }
        let notices = entries.all.withLock { $0 }.filter { $0.message == "PostgreSQL notice" }
        #expect(notices.count == 1)
        #expect(notices.first?.level == .debug)
        #expect(notices.first?.metadata["notice"] == "mind the gap")
    }
}

private final class LogEntries: Sendable {
    struct Entry: Sendable {
        var level: Logger.Level
        var message: Logger.Message
        var metadata: Logger.Metadata
    }

    let all = Mutex<[Entry]>([])
}

private struct CapturingLogHandler: LogHandler {
    let entries: LogEntries
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.entries.all.withLock {
            $0.append(.init(level: event.level, message: event.message, metadata: event.metadata ?? [:]))
        }
    }
}

import ArgumentParser
import Foundation
import Logging
import Postgres

/// The subject of the crash suite: a worker and an enqueuer that use the queue as any program would, and tell what
/// they did line by line, so that a test may kill them at any moment and know what had happened.
@main
struct QueueCrashWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-crash-worker", abstract: "Works and enqueues for the crash suite.",
        subcommands: [Setup.self, Enqueue.self, Work.self, Verify.self])
}

/// Where the database is. Without `--url` libpq's own variables count: PGHOST, PGPORT, PGUSER, PGDATABASE.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "Connection string of the database; may lead through a transaction pooler.")
    var url = ""

    @Option(help: "The most connections open at a time.")
    var pool = 8

    static let logger: Logger = {
        var logger = Logger(label: "crash") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .info
        return logger
    }()

    func client() -> PostgresClient {
        var configuration = PostgresConfiguration(url: self.url)
        configuration.maximumConnections = self.pool
        configuration.applicationName = "queue-crash-worker"
        return PostgresClient(configuration: configuration, logger: Self.logger)
    }
}

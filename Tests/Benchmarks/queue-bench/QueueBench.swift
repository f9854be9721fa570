import ArgumentParser
import Foundation
import Logging
import Postgres

/// Drives the queue for benchmarks, ours and others', through its public API and its real worker loop.
///
/// The database is named by libpq's own variables: `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE`, `PGPASSWORD`.
@main
struct QueueBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-bench", abstract: "Puts load on the job queue and reports what it cost.",
        subcommands: [
            MetaCommand.self, SetupCommand.self, EnqueueCommand.self, WorkerCommand.self, ProbeCommand.self,
            DuplicatesCommand.self,
        ])

    static let logger = Logger(label: "queue-bench") { label in
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = .warning
        return handler
    }

    /// Where the jobs go; an empty connection string leaves everything to the environment.
    static func database(_ role: String, connections: Int) -> PostgresConfiguration {
        var configuration = PostgresConfiguration(url: "")
        configuration.maximumConnections = connections
        configuration.applicationName = "queue-bench \(role)"
        return configuration
    }

    /// Runs `body` with a client that is closed afterwards.
    static func withDatabase(
        _ role: String, connections: Int, _ body: (PostgresClient) async throws -> Void
    ) async throws {
        let client = PostgresClient(
            configuration: self.database(role, connections: connections), logger: self.logger)
        do {
            try await body(client)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
}

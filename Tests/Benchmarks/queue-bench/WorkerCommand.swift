import ArgumentParser
import Foundation
import JobQueue
import JobQueuePostgres
import Postgres
import ServiceLifecycle
import UnixSignals

/// Works off the no-op jobs until SIGTERM, which drains.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Performs no-op jobs until SIGTERM; prints READY, then FIRST <epoch ns>.")
    static let defaultConcurrency = 16
    /// Jobs claimed ahead of free slots: at tens of thousands a second a smaller reserve would run dry in each
    /// round trip.
    static let prefetch = 500

    @Option(help: "Jobs performed at the same time.") var concurrency = WorkerCommand.defaultConcurrency
    @Option(help: "A file for a line `<n> <epoch ns>` as each handler starts.") var trace: String?

    func validate() throws {
        guard self.concurrency > 0 else { throw ValidationError("--concurrency must be positive") }
    }

    func run() async throws {
        // A reader that goes away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let recorder = try StartRecorder(path: self.trace)
        let database = PostgresClient(
            configuration: QueueBench.database("worker", connections: 8), logger: QueueBench.logger)
        let queue = PostgresJobQueue(database: database, logger: QueueBench.logger)
        let store = PostgresJobStore(database: database, queue: queue, logger: QueueBench.logger)
        var registry = JobRegistry<JobTransaction>()
        registry.register(NoOpHandler(recorder: recorder))
        let process = ProcessInfo.processInfo.processIdentifier
        var configuration = WorkerConfiguration(
            name: "queue-bench/\(process)", concurrency: [NoOp.definition.queue: self.concurrency])
        configuration.prefetch = [NoOp.definition.queue: Self.prefetch]
        let worker = Worker(
            store: store, registry: registry, configuration: configuration, logger: QueueBench.logger)
        let listenerName = "queue-bench listen \(process)"
        var direct = QueueBench.database("listen", connections: 1)
        direct.applicationName = listenerName
        let listener = PostgresListener(
            configuration: direct, channels: [PostgresJobStore.wakeUpChannel], logger: QueueBench.logger)
        try await Self.run([
            database, recorder, WakeUpService(listener: listener, store: store),
            Readiness(database: database, listenerName: listenerName, worker: worker), worker,
        ])
    }

    private static func run(_ services: [any Service]) async throws {
        let configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: QueueBench.logger)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// Prints READY once the worker takes work and hears wake-ups.
private struct Readiness: Service {
    let database: PostgresClient
    let listenerName: String
    let worker: Worker<PostgresJobStore>

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while try await !self.isReady() {
                try await Task.sleep(for: .milliseconds(10))
            }
            Output.line("READY")
        }
        // The group ends when one of its services does.
        try await gracefulShutdown()
    }

    private func isReady() async throws -> Bool {
        guard self.worker.isReady else { return false }
        let row = try await self.database.queryOne(
            """
            SELECT EXISTS (
              SELECT FROM pg_stat_activity
              WHERE application_name = \(self.listenerName) AND state = 'idle' AND query LIKE 'LISTEN%') AS listens
            """)
        return try row?.decode("listens") ?? false
    }
}

import ArgumentParser
import JobQueue
import JobQueuePostgres
import Logging
import Postgres
import ServiceLifecycle
import UnixSignals

/// Works until SIGTERM; prints READY once it takes jobs.
struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Performs jobs until SIGTERM.")

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Connection string that leads to the server itself, for LISTEN; --url without it.")
    var directURL: String?

    @Option(help: "File at whose end the journal is written.")
    var journal: String

    @Option(help: "Name of the worker's row.")
    var name: String

    @Option(help: "Runs at the same time.")
    var slots = 8

    @Option(help: "Jobs claimed ahead.")
    var prefetch = 0

    @Option(help: "Divides every interval of the worker's life: heartbeat, silence, rescue.")
    var haste = 1

    @Option(help: "Milliseconds between two looks at an empty queue; the worker's default without it.")
    var pollMs: Int?

    func run() async throws {
        let client = self.database.client()
        let logger = DatabaseOptions.logger
        let journal = try Journal(path: self.journal)
        let store = PostgresJobStore(
            database: client, queue: PostgresJobQueue(database: client, logger: logger), logger: logger)
        let worker = Worker(
            store: store, registry: self.registry(journal), configuration: self.worker(),
            observer: JournalObserver(journal: journal), logger: logger)
        let listener = PostgresListener(
            url: self.directURL ?? self.database.url, channels: [PostgresJobStore.wakeUpChannel], logger: logger)
        try await ServiceGroup(
            services: [client, WakeUpService(listener: listener, store: store), Announcement(worker: worker), worker],
            gracefulShutdownSignals: [.sigterm], logger: logger
        ).run()
    }

    private func worker() -> WorkerConfiguration {
        var configuration = WorkerConfiguration(name: self.name, concurrency: [crashQueue: self.slots])
        configuration.prefetch = [crashQueue: self.prefetch]
        configuration.heartbeatInterval /= self.haste
        configuration.silenceLimit /= self.haste
        configuration.rescueInterval /= self.haste
        if let pollMs { configuration.pollInterval = .milliseconds(pollMs) }
        return configuration
    }

    private func registry(_ journal: Journal) -> JobRegistry<JobTransaction> {
        let memory = Memory()
        var registry = JobRegistry<JobTransaction>()
        func register<Arguments: CrashJob>(_ kind: Arguments.Type) {
            registry.register(CrashHandler<Arguments>(name: self.name, journal: journal, memory: memory))
        }
        register(PlainCrash.self)
        register(SlowCrash.self)
        register(FailingCrash.self)
        register(SnoozingCrash.self)
        register(DoomedCrash.self)
        return registry
    }
}

/// Writes what the worker says of its leases.
private struct JournalObserver: WorkerObserver {
    let journal: Journal

    func started(_ job: ClaimedJob) {
        self.journal.write("lease", job: job.lease.jobID, attempt: job.attempt, token: job.lease.token)
    }

    func ended(_ ending: JobEnding) {
        self.write(Self.word(ending.action), ending)
    }

    func endingRefused(_ ending: JobEnding) {
        self.write("refused", ending)
    }

    private func write(_ what: String, _ ending: JobEnding) {
        self.journal.write(
            what, job: ending.job.lease.jobID, attempt: ending.job.attempt, token: ending.job.lease.token)
    }

    private static func word(_ action: JobEnding.Action) -> String {
        switch action {
        case .succeed: "succeeded"
        case .retry: "retried"
        case .snooze: "snoozed"
        case .release: "released"
        case .discard: "discarded"
        case .cancel: "cancelled"
        }
    }
}

/// Prints READY once, when the worker is ready for the first time.
private struct Announcement: Service {
    let worker: Worker<PostgresJobStore>

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !self.worker.isReady { try await Task.sleep(for: .milliseconds(20)) }
            Journal(descriptor: 1).write(line: "READY")
        }
        try await gracefulShutdown()
    }
}

import JobQueue
import JobQueuePostgres
import Logging
import Postgres
import PostgresTesting
import Schema
import Synchronization

/// A job that says only its name.
struct Probe: JobArguments, Hashable {
    static let definition = JobDefinition(
        kind: "probe", queue: "probes",
        retryPolicy: RetryPolicy(base: .milliseconds(1), cap: .milliseconds(5), maxAttempts: 3),
        timeout: .seconds(30))
    static let dataClasses: [String: DataClass] = ["name": .open, "key": .open]
    var name: String
    var key: String?
    var uniqueKey: String? { self.key }
}

/// Performs probes by a closure.
struct ProbeHandler: JobHandler {
    let body: @Sendable (Probe, JobContext) async throws -> JobOutcome<JobTransaction>

    func perform(_ arguments: Probe, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        try await self.body(arguments, context)
    }
}

/// A migrated database with a queue on it.
struct QueueFixture: Sendable {
    let url: String
    let database: PostgresClient
    let queue: PostgresJobQueue
    let store: PostgresJobStore
    let inspector: JobInspector

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(url: String) {
        self.url = url
        self.database = PostgresClient(configuration: PostgresConfiguration(url: url), logger: Self.logger)
        self.queue = PostgresJobQueue(database: self.database, logger: Self.logger)
        self.store = PostgresJobStore(database: self.database, queue: self.queue, logger: Self.logger)
        self.inspector = JobInspector(database: self.database)
    }

    func count(_ table: SQL) async throws -> Int {
        try await self.database.queryOne("SELECT count(*) AS n FROM \(sql: table)")?.decode("n") ?? -1
    }

    /// Every job stands in exactly one place.
    func isConsistent() async throws -> Bool {
        let row = try await self.database.queryOne(
            """
            WITH places AS (
              SELECT job_id FROM lectern.ready UNION ALL SELECT job_id FROM lectern.scheduled
              UNION ALL SELECT job_id FROM lectern.blocked
              UNION ALL SELECT job_id FROM lectern.lease UNION ALL SELECT job_id FROM lectern.done
              UNION ALL SELECT job_id FROM lectern.dead)
            SELECT (SELECT count(*) FROM lectern.job) = (SELECT count(*) FROM places)
               AND (SELECT count(*) FROM places) = (SELECT count(DISTINCT job_id) FROM places)
               AND NOT EXISTS (SELECT FROM lectern.flight f WHERE f.job_id NOT IN (
                     SELECT job_id FROM lectern.ready UNION ALL SELECT job_id FROM lectern.scheduled
                     UNION ALL SELECT job_id FROM lectern.blocked
                     UNION ALL SELECT job_id FROM lectern.lease)) AS consistent
            """)
        return try row?.decode("consistent") ?? false
    }

    /// Runs a worker while `body` runs, then drains it.
    func withWorker<T: Sendable>(
        slots: Int = 4, configure: (inout WorkerConfiguration) -> Void = { _ in },
        perform: @escaping @Sendable (Probe, JobContext) async throws -> JobOutcome<JobTransaction>,
        _ body: @Sendable () async throws -> T
    ) async throws -> T {
        try await self.withWorker(on: self.store, slots: slots, configure: configure, perform: perform, body)
    }

    func withWorker<T: Sendable, Store: JobStore>(
        on store: Store, slots: Int = 4, configure: (inout WorkerConfiguration) -> Void = { _ in },
        perform: @escaping @Sendable (Probe, JobContext) async throws -> JobOutcome<JobTransaction>,
        _ body: @Sendable () async throws -> T
    ) async throws -> T where Store.Transaction == JobTransaction {
        var registry = JobRegistry<JobTransaction>()
        registry.register(ProbeHandler(body: perform))
        var configuration = WorkerConfiguration(name: "test", concurrency: ["probes": slots])
        configuration.pollInterval = .milliseconds(50)
        configuration.heartbeatInterval = .milliseconds(100)
        configure(&configuration)
        let worker = Worker(
            store: store, registry: registry, configuration: configuration, logger: Self.logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            do {
                let value = try await body()
                group.cancelAll()
                return value
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    func claim(_ limit: Int = 10, worker: WorkerID) async throws -> [ClaimedJob] {
        try await self.store.claim(ClaimRequest(queue: "probes", limit: limit, worker: worker))
    }

    func register() async throws -> WorkerID {
        try await self.store.register(WorkerDescription(name: "test", queues: ["probes"], slots: 1))
    }
}

/// Runs `body` with a queue on an empty, migrated database.
@discardableResult
func withQueue<T: Sendable>(_ body: (QueueFixture) async throws -> T) async throws -> T {
    try await withTestDatabase { url in
        let fixture = QueueFixture(url: url)
        try await Migrator(
            database: fixture.database, migrations: try Migration.bundled(), logger: QueueFixture.logger
        ).up()
        do {
            let value = try await body(fixture)
            await fixture.database.close()
            return value
        } catch {
            await fixture.database.close()
            throw error
        }
    }
}

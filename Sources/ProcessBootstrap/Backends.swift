public import CurlHTTP
import Foundation
public import JobQueue
public import JobQueuePostgres
public import LanguageModels
import Logging
public import MCP
import Personalization
import PipelineJobs
public import Postgres
import Schema
public import ServiceLifecycle

/// The parts of the world a process talks to, built from its settings.
public struct Backends: Sendable {
    public let database: PostgresClient
    public let jobs: PostgresJobQueue
    public let http: HTTPClient
    public let storage: MCPClient
    public let objects: MCPObjectStore
    public let objectMapping: ObjectToolMapping
    public let vectors: MCPClient
    public let vectorMapping: VectorToolMapping
    /// An embedding model, where one is configured; otherwise the embedded one is used.
    public let embedding: (any EmbeddingModel)?
    /// What the fleet may ask of providers.
    public let limits: FleetLimits
    let process: ServiceProcess

    /// - Throws: ``Settings/Problem`` when an address or a mapping cannot be used.
    public init(_ process: ServiceProcess) throws {
        let (settings, logger) = (process.settings, process.logger)
        guard !settings.database.url.isEmpty else {
            throw Settings.Problem(
                "DATABASE_URL is not set; give a PostgreSQL connection string, or start everything with Deploy/up")
        }
        var configuration = PostgresConfiguration(url: settings.database.url)
        configuration.maximumConnections = settings.database.maximumConnections
        configuration.applicationName = process.role.rawValue
        self.process = process
        self.database = PostgresClient(configuration: configuration, logger: logger)
        self.jobs = PostgresJobQueue(database: self.database, logger: logger)
        let http = HTTPClient()
        self.http = http
        self.storage = Self.client("storage", settings.storage, process.role, http: http, logger: logger)
        self.objectMapping = try Self.mapping(settings.storage.mappingFile, default: .lectern) {
            try ObjectToolMapping(json: $0)
        }
        self.objects = MCPObjectStore(
            client: self.storage, mapping: self.objectMapping, bucket: settings.storage.container)
        self.vectors = Self.client("vectordal", settings.vectors, process.role, http: http, logger: logger)
        self.vectorMapping = try Self.mapping(settings.vectors.mappingFile, default: .lectern) {
            try VectorToolMapping(json: $0)
        }
        let limits = FleetLimits(
            store: PostgresLimiters(database: self.database), holder: UUID().uuidString, logger: logger)
        self.limits = limits
        let patience = Self.patience(process.role)
        self.embedding = settings.embedding.baseURL.map { base in
            OpenAIEmbeddingModel(
                endpoint: OpenAIEndpoint(baseURL: base, key: settings.embedding.key),
                model: settings.embedding.model ?? "", dimension: settings.embedding.dimension ?? 0, http: http,
                limits: FleetModelLimits(
                    limits, baseURL: base, model: settings.embedding.model ?? "", patience: patience))
        }
    }

    private static func client(
        _ name: String, _ server: Settings.MCPServer, _ role: ProcessRole, http: HTTPClient, logger: Logger
    ) -> MCPClient {
        var configuration = MCPClientConfiguration(name: name, url: server.url, bearerToken: server.bearerToken)
        // Whoever waits at the API is told quickly that a server is away; a job may wait longer, and runs again.
        configuration.connectionPatience = role == .api ? .seconds(1) : .seconds(5)
        if role == .api { configuration.requestTimeout = .seconds(10) }
        // A server that returns is met again within seconds.
        configuration.reconnectDelay = Duration.milliseconds(250)...Duration.seconds(3)
        return MCPClient(configuration: configuration, http: http, logger: logger)
    }

    private static func mapping<Mapping>(
        _ file: String?, default standard: Mapping, read: ([UInt8]) throws -> Mapping
    ) throws -> Mapping {
        guard let file else { return standard }
        do {
            return try read(Array(Data(contentsOf: URL(fileURLWithPath: file))))
        } catch {
            throw Settings.Problem("the tool mapping \(file) cannot be used: \(error)")
        }
    }

    /// Read once, since probes come every few seconds.
    private static let migrations = Result { try Migration.bundled() }

    /// What keeps the database from being of use, for a readiness probe; `nil` when it answers and has the schema that
    /// this program was built for, or a newer one.
    public func databaseObstacle() async -> String? {
        do {
            _ = try await self.database.query("SELECT 1", timeout: .seconds(2))
            let migrator = Migrator(
                database: self.database, migrations: try Self.migrations.get(), logger: self.process.logger)
            return try await migrator.isApplied() ? nil : "the database lacks a migration; run `lectern migrate up`"
        } catch {
            return "the database does not answer"
        }
    }

    /// What has to run for the backends to work.
    public var services: [any Service] { [self.database, self.limits, self.storage, self.vectors] }

    /// A worker with its listener, its health server and its candidacy for leader.
    ///
    /// - Throws: an error when the timetable that the program was built with cannot be read.
    public func workerServices(
        registry: JobRegistry<JobTransaction>
    ) throws -> [any Service] {
        let process = self.process
        let settings = process.settings
        let store = PostgresJobStore(database: self.database, queue: self.jobs, logger: process.logger)
        let defaults = process.role.work
        var configuration = WorkerConfiguration(
            name: "\(hostName())/\(ProcessInfo.processInfo.processIdentifier)/\(process.role.rawValue)",
            concurrency: [defaults?.queue ?? "": settings.worker.slots ?? defaults?.slots ?? 1].merging(
                process.role.sideWork, uniquingKeysWith: { own, _ in own }))
        configuration.drainTimeout = settings.worker.drainTimeout
        let statistics = MinuteStatistics(
            database: self.database, name: configuration.name, logger: process.logger)
        let worker = Worker(
            store: store, registry: registry, configuration: configuration,
            observer: WorkerObserverGroup(
                WorkerMetrics(factory: PrometheusMetrics(registry: process.registry)), statistics),
            logger: process.logger)
        var direct = PostgresConfiguration(url: settings.database.directURL)
        direct.applicationName = process.role.rawValue + "-listen"
        let listener = PostgresListener(
            configuration: direct, channels: [PostgresJobStore.wakeUpChannel], logger: process.logger)
        let health = ProcessHealth(registry: process.registry) {
            worker.isReady ? nil : "not registered with the queue, or draining"
        }
        let timetable = try Timetable.bundled().entries.map { entry in
            CronEntry(
                name: entry.name, schedule: entry.schedule, isEnabled: entry.isEnabled, arguments: entry.arguments)
        }
        let leader = Leader(
            database: self.database, holder: configuration.name,
            duties: LeaderDuty.all(
                database: self.database, queue: self.jobs, timetable: timetable, logger: process.logger)
                + [
                    ModelLedger(database: self.database).retentionDuty(),
                    OverdueWebhooks(database: self.database, queue: self.jobs).duty(),
                ],
            logger: process.logger)
        // The last is stopped first: the office passes on before the worker drains.
        return self.services + [
            WakeUpService(listener: listener, store: store),
            health.server(host: settings.host, port: settings.port, logger: process.logger),
            self.providerLimits,
            statistics,
            worker,
            leader,
        ]
    }
}

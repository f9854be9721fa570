public import JobQueuePostgres
import Operators
import Personalization
public import Postgres
import TextbookSync

/// What the console reads and steers.
public struct ConsoleBackends: Sendable {
    let overview: QueueOverviewStore
    let statistics: QueueStatistics
    let inspector: JobInspector
    let jobs: JobList
    let deadLetters: DeadLetters
    let control: QueueControl
    let workers: WorkerControl
    let scales: QueueScales
    let limiters: PostgresLimiters
    let budgets: JobBudgets
    let resyncs: ResyncService
    let releases: ReleaseDirectory
    let ledger: ModelLedger
    let audit: AuditTrail
    let actions: OperatorActions

    /// - Parameter bookSlug: the book; `nil` takes the earliest one that has anything published.
    public init(database: PostgresClient, queue: PostgresJobQueue, bookSlug: String? = nil) {
        self.overview = QueueOverviewStore(database: database)
        self.statistics = QueueStatistics(database: database)
        self.inspector = JobInspector(database: database)
        self.jobs = JobList(database: database)
        self.deadLetters = DeadLetters(database: database, queue: queue)
        self.control = QueueControl(database: database)
        self.workers = WorkerControl(database: database)
        self.scales = QueueScales(database: database)
        self.limiters = PostgresLimiters(database: database)
        self.budgets = JobBudgets(database: database, queue: queue)
        self.resyncs = ResyncService(database: database, queue: queue)
        self.releases = ReleaseDirectory(database: database, queue: queue, bookSlug: bookSlug)
        self.ledger = ModelLedger(database: database)
        self.audit = AuditTrail(database: database)
        self.actions = OperatorActions(database: database, queue: queue)
    }
}

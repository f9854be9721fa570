public import JobQueuePostgres
public import Operators
public import Personalization
public import TextbookSync

/// What the console reads and steers.
public struct ConsoleBackends: Sendable {
    let overview: QueueOverviewStore
    let statistics: QueueStatistics
    let inspector: JobInspector
    let jobs: JobList
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

    /// All of one database.
    public init(
        overview: QueueOverviewStore, statistics: QueueStatistics, inspector: JobInspector, jobs: JobList,
        control: QueueControl, workers: WorkerControl, scales: QueueScales, limiters: PostgresLimiters,
        budgets: JobBudgets, resyncs: ResyncService, releases: ReleaseDirectory, ledger: ModelLedger, audit: AuditTrail,
        actions: OperatorActions
    ) {
        self.overview = overview
        self.statistics = statistics
        self.inspector = inspector
        self.jobs = jobs
        self.control = control
        self.workers = workers
        self.scales = scales
        self.limiters = limiters
        self.budgets = budgets
        self.resyncs = resyncs
        self.releases = releases
        self.ledger = ledger
        self.audit = audit
        self.actions = actions
    }
}

import JobQueuePostgres
import OperatorConsole
import Operators
import Personalization
import ProcessBootstrap
import TextbookSync

extension ConsoleBackends {
    /// The console stands on the process's database and queue.
    /// - Parameter bookSlug: the book; `nil` takes the earliest one that has anything published.
    init(_ backends: Backends, bookSlug: String?) {
        self.init(
            overview: QueueOverviewStore(database: backends.database),
            statistics: QueueStatistics(database: backends.database),
            inspector: JobInspector(database: backends.database), jobs: JobList(database: backends.database),
            control: QueueControl(database: backends.database), workers: WorkerControl(database: backends.database),
            scales: QueueScales(database: backends.database), limiters: PostgresLimiters(database: backends.database),
            budgets: JobBudgets(database: backends.database, queue: backends.jobs),
            resyncs: ResyncService(database: backends.database, queue: backends.jobs),
            releases: ReleaseDirectory(database: backends.database, queue: backends.jobs, bookSlug: bookSlug),
            ledger: ModelLedger(database: backends.database), audit: AuditTrail(database: backends.database),
            actions: OperatorActions(database: backends.database, queue: backends.jobs))
    }
}

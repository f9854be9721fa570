public import Logging

/// What a handler knows of the run it performs.
public struct JobContext: Sendable {
    public var jobID: JobID
    public var kind: String
    /// The number of this run; 1 is the first.
    public var attempt: Int
    public var maxAttempts: Int
    /// When the run will be cancelled.
    public var deadline: ContinuousClock.Instant
    /// The W3C `traceparent` of the request that asked for the job.
    public var trace: String?
    /// Carries `job_id`, `kind` and `attempt`.
    public var logger: Logger

    /// True when a failure of this run is not retried.
    public var isLastAttempt: Bool { self.attempt >= self.maxAttempts }

    public init(
        jobID: JobID, kind: String, attempt: Int, maxAttempts: Int, deadline: ContinuousClock.Instant, trace: String?,
        logger: Logger
    ) {
        self.jobID = jobID
        self.kind = kind
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.deadline = deadline
        self.trace = trace
        self.logger = logger
    }
}

/// What a successful run leaves behind.
public struct JobOutcome<Transaction: Sendable>: Sendable {
    /// JSON text, kept with the finished job.
    public var result: String?
    /// Writes that stand or fall with the job's end: they run in the transaction that ends it, after the lease was
    /// found to be still held. Must be safe to run again, since the transaction is retried when the database fails.
    public var commit: (@Sendable (Transaction) async throws -> Void)?

    public init(result: String? = nil, commit: (@Sendable (Transaction) async throws -> Void)? = nil) {
        self.result = result
        self.commit = commit
    }
}

/// Performs the jobs of one kind.
///
/// A run may happen more than once (a worker can die after its work and before its word), so effects outside the
/// database must be idempotent; effects inside it belong in ``JobOutcome/commit``. A run must answer cancellation.
public protocol JobHandler<Arguments, Transaction>: Sendable {
    associatedtype Arguments: JobArguments
    associatedtype Transaction: Sendable

    func perform(_ arguments: Arguments, context: JobContext) async throws -> JobOutcome<Transaction>
}

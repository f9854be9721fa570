public import Logging
import TraceContext

/// What a handler knows of the run it performs.
public struct JobContext: Sendable {
    public var jobID: JobID
    public var kind: String
    /// The number of this run; 1 is the first.
    public var attempt: Int
    public var maxAttempts: Int
    /// When the run will be cancelled.
    public var deadline: ContinuousClock.Instant
    /// The W3C `traceparent` of the request that asked for the job, with its `tracestate` after a space. The run itself
    /// is a child of it, and the current context of the handler's task.
    public var trace: String?
    private let base: Logger
    private let progress: @Sendable (JobProgress) async -> Void

    /// True when a failure of this run is not retried.
    public var isLastAttempt: Bool { self.attempt >= self.maxAttempts }

    /// - Parameter progress: told by ``report(_:)``; looks away where none is given.
    public init(
        jobID: JobID, kind: String, attempt: Int, maxAttempts: Int, deadline: ContinuousClock.Instant, trace: String?,
        logger: Logger, progress: @escaping @Sendable (JobProgress) async -> Void = { _ in }
    ) {
        self.jobID = jobID
        self.kind = kind
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.deadline = deadline
        self.trace = trace
        self.base = logger
        self.progress = progress
    }

    /// Carries `job_id`, `kind` and `attempt`, and `trace_id` where the job belongs to a trace.
    public var logger: Logger {
        var logger = self.base
        logger[metadataKey: "job_id"] = "\(self.jobID)"
        logger[metadataKey: "kind"] = "\(self.kind)"
        logger[metadataKey: "attempt"] = "\(self.attempt)"
        if let traceID = SpanContext.current?.traceID { logger[metadataKey: "trace_id"] = "\(traceID)" }
        return logger
    }

    /// Shows how far the run has come. What follows within half a second of the last report is left out.
    public func report(_ progress: JobProgress) async {
        await self.progress(progress)
    }
}

/// What a successful run leaves behind.
public struct JobOutcome<Transaction: Sendable>: Sendable {
    /// JSON text, kept with the finished job.
    public var result: String?
    /// What the run cost in millionths of the currency; settles what the job's budgets held for it.
    public var costMicros: Int64?
    /// Writes that stand or fall with the job's end: they run in the transaction that ends it, after the lease was
    /// found to be still held. Must be safe to run again, since the transaction is retried when the database fails.
    public var commit: (@Sendable (Transaction) async throws -> Void)?

    public init(
        result: String? = nil, costMicros: Int64? = nil,
        commit: (@Sendable (Transaction) async throws -> Void)? = nil
    ) {
        self.result = result
        self.costMicros = costMicros
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

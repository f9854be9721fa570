/// A worker's time-limited right to run one job.
///
/// The token is the fence: it grows with every claim of the job, and every write that ends the run names it. A run
/// that lost its lease matches nothing and writes nothing.
public struct JobLease: Hashable, Sendable {
    public var jobID: JobID
    public var token: Int64

    public init(jobID: JobID, token: Int64) {
        self.jobID = jobID
        self.token = token
    }
}

/// A job as a worker receives it.
public struct ClaimedJob: Sendable {
    public var lease: JobLease
    public var kind: String
    public var queue: String
    /// The arguments as JSON text.
    public var arguments: String
    /// The number of this run; 1 is the first.
    public var attempt: Int
    public var maxAttempts: Int
    public var timeout: Duration
    /// The key under which other enqueues join this job.
    public var uniqueKey: String?
    /// The W3C `traceparent` of the request that asked for the job.
    public var trace: String?
    /// From acceptance to claim, by the database's clock.
    public var waited: Duration

    public init(
        lease: JobLease, kind: String, queue: String, arguments: String, attempt: Int, maxAttempts: Int,
        timeout: Duration, uniqueKey: String?, trace: String?, waited: Duration
    ) {
        self.lease = lease
        self.kind = kind
        self.queue = queue
        self.arguments = arguments
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.timeout = timeout
        self.uniqueKey = uniqueKey
        self.trace = trace
        self.waited = waited
    }
}

/// How one run ended, as the store is told.
public struct JobEnding: Sendable {
    public enum Action: Hashable, Sendable {
        /// The work is done. The result is JSON text.
        case succeed(result: String?)
        /// Run again after the delay; the attempt is spent.
        case retry(after: Duration)
        /// Run again after the delay; the attempt is not spent.
        case snooze(Duration)
        /// Hand the job back untouched, since this worker is leaving.
        case release
        /// Keep the job as a dead letter.
        case discard
        /// Somebody asked for it to stop.
        case cancel
    }

    public var job: ClaimedJob
    public var action: Action
    public var code: String?
    public var message: String?
    /// How long the handler ran, by the worker's monotonic clock.
    public var ran: Duration

    public init(
        job: ClaimedJob, action: Action, code: String? = nil, message: String? = nil, ran: Duration = .zero
    ) {
        self.job = job
        self.action = action
        self.code = code
        self.message = message
        self.ran = ran
    }
}

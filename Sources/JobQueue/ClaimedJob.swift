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
    /// The W3C `traceparent` of the request that asked for the job, with its `tracestate` after a space.
    public var trace: String?
    /// From the moment it could have run to the claim, by the database's clock.
    public var waited: Duration
    public var lane: Lane
    /// Its place among the rows of its lane, from low to high.
    public var tag: Int64
    /// True when its success has no consequences beyond its own rows: no key, no limit, no batch.
    public var isPlain: Bool

    public init(
        lease: JobLease, kind: String, queue: String, arguments: String, attempt: Int, maxAttempts: Int,
        timeout: Duration, uniqueKey: String? = nil, trace: String? = nil, waited: Duration = .zero,
        lane: Lane = .standard, tag: Int64 = 0, isPlain: Bool = false
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
        self.lane = lane
        self.tag = tag
        self.isPlain = isPlain
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
    /// What the run cost in millionths of the currency, where the handler knows; settles what was held for it.
    public var costMicros: Int64?

    public init(
        job: ClaimedJob, action: Action, code: String? = nil, message: String? = nil, ran: Duration = .zero,
        costMicros: Int64? = nil
    ) {
        self.job = job
        self.action = action
        self.code = code
        self.message = message
        self.ran = ran
        self.costMicros = costMicros
    }
}

extension JobEnding {
    /// True for a success that only moves its own row: stores have a short way for these.
    public var isPlainSuccess: Bool {
        guard self.job.isPlain, self.costMicros == nil, case .succeed = self.action else { return false }
        return true
    }
}

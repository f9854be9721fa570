public import JobQueue

/// How one job differs from what its kind says.
public struct EnqueueOptions: Sendable {
    /// Instead of the kind's lane.
    public var lane: Lane?
    /// Not before this time has passed, by the database's clock.
    public var delay: Duration = .zero
    /// The W3C `traceparent` of the request that asks for the job, with its `tracestate` after a space; `nil` takes that
    /// of the present task, where there is one.
    public var trace: String?
    /// Who asked: a machine word such as `api` or `cli`, never a learner's id.
    public var actor: String?
    /// Minutes of age the job starts with among the rows of its lane; negative for less urgent ones. What is older
    /// still comes first, so that nothing starves.
    public var priority = 0
    /// The job is not worth a run after this time; it then ends as `expired`.
    public var expiry: Duration?
    /// Requesters take turns within a lane.
    public var fairness: Fairness?
    /// At most so many jobs with the same key run at the same time.
    public var concurrency: ConcurrencyLimit?
    /// Budgets that must have room for ``cost`` before the job runs.
    public var budgets: [String] = []
    /// What a run is expected to cost, in millionths of the currency. Held while it runs.
    public var costMicros: Int64 = 0
    /// The batch that counts the job. One that joins a live job of the same key is not counted, since that job belongs
    /// to whoever stored it.
    public var batch: BatchID?
    /// Where the job waits until somebody opens that gate.
    var gate: String?
    /// A newer version of the same thing makes an older one not worth its run: waiting jobs of the older version end
    /// as superseded, running ones are asked to stop. Jobs of the same version stand side by side.
    public var lineage: Lineage?
    /// The job becomes runnable when all of these have succeeded, and is cancelled when one of them is.
    public var after: [JobID] = []
    /// Who waits for the job. It is cancelled when the last waiter leaves. Who asks for it without this never leaves.
    public var waiter: Waiter?
    /// A repeated request gets the first one's answer.
    public var idempotency: IdempotencyKey?

    public init(lane: Lane? = nil, delay: Duration = .zero, trace: String? = nil, actor: String? = nil) {
        self.lane = lane
        self.delay = delay
        self.trace = trace
        self.actor = actor
    }

    /// Start-time fair queueing: a requester's next job stands one step behind the one before, so that whoever asks
    /// for little is not held up by whoever asks for much.
    public struct Fairness: Hashable, Sendable {
        /// Whose job it is: a machine word or a hash, never a name.
        public var key: String
        /// The step; a shorter one is a larger share.
        public var step: Duration

        public init(key: String, step: Duration = .seconds(1)) {
            self.key = key
            self.step = step
        }
    }

    /// Counted by the runs under way, over the whole fleet.
    public struct ConcurrencyLimit: Hashable, Sendable {
        public var key: String
        /// From 1 to 32,767.
        public var limit: Int

        public init(key: String, limit: Int) {
            self.key = key
            self.limit = limit
        }
    }

    public struct Lineage: Hashable, Sendable {
        public var key: String
        /// Grows with every version.
        public var version: Int64

        public init(key: String, version: Int64) {
            self.key = key
            self.version = version
        }
    }

    public struct Waiter: Hashable, Sendable {
        /// Not empty.
        public var name: String
        /// Taken to have left after this time.
        public var patience: Duration

        public init(name: String, patience: Duration = .seconds(3_600)) {
            self.name = name
            self.patience = patience
        }
    }
}

/// A key under which a request counts once (draft-ietf-httpapi-idempotency-key-header).
public struct IdempotencyKey: Hashable, Sendable {
    /// Whose keys these are; two scopes never meet.
    public var scope: String
    public var key: String
    /// A hash of what is asked for. The same key with another one is an error.
    public var fingerprint: String
    /// How long the answer is remembered.
    public var lifetime: Duration

    public init(scope: String, key: String, fingerprint: String, lifetime: Duration = .seconds(86_400)) {
        self.scope = scope
        self.key = key
        self.fingerprint = fingerprint
        self.lifetime = lifetime
    }
}

/// A batch's row.
public struct BatchID: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(self.rawValue) }
}

/// What became of a request for a job.
public struct EnqueuedJob: Hashable, Sendable {
    public enum Outcome: Int, Hashable, Sendable {
        case stored = 0
        /// A live job with the same unique key does this work.
        case joined = 1
        /// Not stored: a newer version of the same lineage exists, and ``EnqueuedJob/id`` names its job.
        case superseded = 2
        /// The answer of an earlier request with the same idempotency key.
        case replayed = 3
    }

    public var id: JobID
    public var outcome: Outcome

    /// True when this request stored the job.
    public var isNew: Bool { self.outcome == .stored }

    public init(id: JobID, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// The queue refused a job.
public struct EnqueueError: Error, CustomStringConvertible, Sendable {
    public enum Code: Hashable, Sendable {
        /// The arguments exceed ``PostgresJobQueue/maximumArgumentBytes``.
        case argumentsTooLarge
        case argumentsNotEncodable
        /// The idempotency key was used for a request with another fingerprint.
        case idempotencyMismatch
        /// A job this one needs does not exist or was cancelled.
        case neededJobGone
        /// The batch takes no more jobs, or there is none.
        case batchSealed
    }

    public let code: Code
    public let description: String
}

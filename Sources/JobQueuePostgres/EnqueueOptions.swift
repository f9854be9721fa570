public import JobQueue

/// How one job differs from what its kind says.
public struct EnqueueOptions: Sendable {
    /// Instead of the kind's lane.
    public var lane: Lane?
    /// Not before this time has passed, by the database's clock.
    public var delay: Duration = .zero
    /// The W3C `traceparent` of the request that asks for the job.
    public var trace: String?
    /// Who asked: a machine word such as `api` or `cli`, never a learner's id.
    public var actor: String?

    public init(lane: Lane? = nil, delay: Duration = .zero, trace: String? = nil, actor: String? = nil) {
        self.lane = lane
        self.delay = delay
        self.trace = trace
        self.actor = actor
    }
}

/// What became of a request for a job.
public struct EnqueuedJob: Hashable, Sendable {
    public var id: JobID
    /// False when a live job with the same unique key was joined.
    public var isNew: Bool

    public init(id: JobID, isNew: Bool) {
        self.id = id
        self.isNew = isNew
    }
}

/// The queue refused a job.
public struct EnqueueError: Error, CustomStringConvertible, Sendable {
    public enum Code: Hashable, Sendable {
        /// The arguments exceed ``PostgresJobQueue/maximumArgumentBytes``.
        case argumentsTooLarge
        case argumentsNotEncodable
        /// The unique key changed hands too often to be joined.
        case contended
    }

    public let code: Code
    public let description: String
}

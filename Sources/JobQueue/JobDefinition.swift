/// What the queue knows of a kind of job before any such job exists.
public struct JobDefinition: Hashable, Sendable {
    /// The stored name of the kind, `verb_object` in lower case. Never renamed once jobs of it exist.
    public var kind: String
    /// The queue whose workers perform it.
    public var queue: String
    public var lane: Lane
    public var retryPolicy: RetryPolicy
    /// The longest one run may take. The handler is cancelled when it is over, and the run counts as failed.
    public var timeout: Duration

    public init(
        kind: String, queue: String, lane: Lane = .standard, retryPolicy: RetryPolicy = RetryPolicy(),
        timeout: Duration
    ) {
        self.kind = kind
        self.queue = queue
        self.lane = lane
        self.retryPolicy = retryPolicy
        self.timeout = timeout
    }
}

/// Who may see an argument of a job.
public enum DataClass: String, Sendable, Codable {
    /// Could stand on a public page.
    case open
    /// For operators.
    case restricted
    /// Points at a person; shown to nobody in full.
    case personal
}

/// The arguments of one job: a plain value, stored as JSON.
public protocol JobArguments: Codable, Sendable {
    static var definition: JobDefinition { get }

    /// The data class of every argument, by its name in the stored JSON.
    static var dataClasses: [String: DataClass] { get }

    /// While a job with this key waits or runs, another one with the same key joins it instead of being stored.
    /// `nil` for jobs that are never merged.
    var uniqueKey: String? { get }
}

extension JobArguments {
    public var uniqueKey: String? { nil }
}

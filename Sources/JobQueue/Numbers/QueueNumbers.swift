/// The numbers that operators set, and may change while everything runs.
public struct QueueNumbers: Hashable, Sendable {
    /// By the queue's name; complete.
    public var queues: [String: Queue]
    /// By the kind's stored name; complete.
    public var kinds: [String: Kind]
    /// By the provider's name. One that does not stand here has no limit of its own.
    public var providers: [String: Provider]
    /// By scope: `all`, `queue:NAME`, `kind:NAME` or `provider:NAME`. No entry, no cap.
    public var budgets: [String: Budget]
    public var retention: Retention
    /// How long a job waits in a lane before it is taken as if it stood in the next more urgent one. A lane that does
    /// not stand here does not age; ``Lane/interactive`` never does.
    public var ageing: [Lane: Duration]
    /// By the queue's name: how many worker processes it should have. A queue that does not stand here follows the
    /// defaults of ``AutoscaleRule``.
    public var autoscale: [String: AutoscaleRule]

    public init(
        queues: [String: Queue], kinds: [String: Kind], providers: [String: Provider] = [:],
        budgets: [String: Budget] = [:], retention: Retention, ageing: [Lane: Duration],
        autoscale: [String: AutoscaleRule] = [:]
    ) {
        self.queues = queues
        self.kinds = kinds
        self.providers = providers
        self.budgets = budgets
        self.retention = retention
        self.ageing = ageing
        self.autoscale = autoscale
    }

    /// How one queue is served.
    public struct Queue: Hashable, Sendable {
        /// Runs at the same time in one worker process.
        public var slots: Int
        /// Jobs one process claims ahead of a free slot.
        public var prefetch: Int
        /// Runs at the same time in the whole fleet; `nil` for no limit.
        public var maxRunning: Int?

        public init(slots: Int, prefetch: Int = 0, maxRunning: Int? = nil) {
            self.slots = slots
            self.prefetch = prefetch
            self.maxRunning = maxRunning
        }
    }

    /// How the jobs of one kind run. Stands above the kind's ``JobDefinition`` for jobs enqueued from then on.
    public struct Kind: Hashable, Sendable {
        /// Runs at the same time in the whole fleet; `nil` for no limit.
        public var maxRunning: Int?
        /// The longest one run may take.
        public var timeout: Duration
        /// Runs a job gets before it becomes a dead letter.
        public var maxAttempts: Int

        public init(maxRunning: Int? = nil, timeout: Duration, maxAttempts: Int) {
            self.maxRunning = maxRunning
            self.timeout = timeout
            self.maxAttempts = maxAttempts
        }
    }

    /// What the whole fleet may ask of one provider; `nil` for no limit.
    public struct Provider: Hashable, Sendable {
        public var requestsPerMinute: Int?
        public var tokensPerMinute: Int?
        /// Requests at the same time.
        public var concurrency: Int?

        public init(requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, concurrency: Int? = nil) {
            self.requestsPerMinute = requestsPerMinute
            self.tokensPerMinute = tokensPerMinute
            self.concurrency = concurrency
        }
    }

    /// What may be spent within one period.
    public struct Budget: Hashable, Sendable {
        /// Periods begin at full hours, days and months in UTC.
        public enum Period: String, Sendable, CaseIterable { case hour, day, month }

        public var period: Period
        /// In millionths of a US dollar.
        public var capMicros: Int64

        public init(period: Period, capMicros: Int64) {
            self.period = period
            self.capMicros = capMicros
        }
    }

    /// How long what is over is kept, in whole days: retention drops daily partitions.
    public struct Retention: Hashable, Sendable {
        public var done: Duration
        public var event: Duration
        public var dead: Duration
        public var job: Duration

        public init(done: Duration, event: Duration, dead: Duration, job: Duration) {
            self.done = done
            self.event = event
            self.dead = dead
            self.job = job
        }
    }
}

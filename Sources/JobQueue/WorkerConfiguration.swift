/// How a worker process works. The defaults keep the promise that work lost with a process runs again within 20 s.
public struct WorkerConfiguration: Sendable {
    /// Runs at the same time, by queue.
    public var concurrency: [String: Int]
    /// Jobs claimed ahead of a free slot, by queue. Worth it for short jobs only: they wait here where no other
    /// worker can take them.
    public var prefetch: [String: Int] = [:]
    /// For people: host, process id and role.
    public var name: String
    /// The longest pause between two looks at an empty queue, varied by ± 20 %.
    public var pollInterval: Duration = .seconds(1)
    public var heartbeatInterval: Duration = .seconds(3)
    /// Workers silent for longer are taken for dead.
    public var silenceLimit: Duration = .seconds(12)
    public var rescueInterval: Duration = .seconds(2)
    /// How often every lease is read for runs past their deadline.
    public var deadlineSweepInterval: Duration = .seconds(30)
    /// How often a worker with runs under way asks whether one of them is to stop, where no wake-up says so.
    public var stopPollInterval: Duration = .milliseconds(500)
    /// A worker that reached no store for so long cancels what it runs: by then others may run the same jobs.
    public var isolationLimit: Duration = .seconds(60)
    /// How long a leaving worker lets its jobs finish before it hands them back.
    public var drainTimeout: Duration = .seconds(25)
    /// The longest pause between two tries to tell the store how a run ended.
    public var endingRetryCap: Duration = .seconds(5)

    public init(name: String, concurrency: [String: Int]) {
        self.name = name
        self.concurrency = concurrency
    }

    var slots: Int { self.concurrency.values.reduce(0, +) }
}

/// Told of what a worker does. Every method returns at once.
public protocol WorkerObserver: Sendable {
    func claimed(queue: String, count: Int, limit: Int)
    func started(_ job: ClaimedJob)
    /// The store accepted the end of a run.
    func ended(_ ending: JobEnding)
    /// The store refused it: the lease was lost.
    func endingRefused(_ ending: JobEnding)
    func heartbeat(isAlive: Bool)
    func rescued(_ report: RescueReport)
}

extension WorkerObserver {
    public func claimed(queue: String, count: Int, limit: Int) {}
    public func started(_ job: ClaimedJob) {}
    public func ended(_ ending: JobEnding) {}
    public func endingRefused(_ ending: JobEnding) {}
    public func heartbeat(isAlive: Bool) {}
    public func rescued(_ report: RescueReport) {}
}

/// An observer that looks away.
public struct SilentWorkerObserver: WorkerObserver {
    public init() {}
}

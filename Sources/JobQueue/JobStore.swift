/// A worker's row, as the store numbers it.
public struct WorkerID: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(self.rawValue) }
}

/// What a worker says of itself when it starts.
public struct WorkerDescription: Hashable, Sendable {
    /// For people: host, process id and role.
    public var name: String
    public var queues: [String]
    /// Runs it performs at the same time, over all its queues.
    public var slots: Int

    public init(name: String, queues: [String], slots: Int) {
        self.name = name
        self.queues = queues
        self.slots = slots
    }
}

/// The store's answer to a heartbeat.
public struct HeartbeatReply: Hashable, Sendable {
    /// False when the store had given the worker up for dead: its leases went to others.
    public var isKnown: Bool
    /// Jobs of this worker that somebody wants stopped.
    public var cancelRequested: [JobID]

    public init(isKnown: Bool, cancelRequested: [JobID]) {
        self.isKnown = isKnown
        self.cancelRequested = cancelRequested
    }
}

/// What one sweep for lost work found.
public struct RescueReport: Hashable, Sendable {
    public var lostWorkers: Int
    public var requeued: Int
    public var discarded: Int

    public init(lostWorkers: Int = 0, requeued: Int = 0, discarded: Int = 0) {
        self.lostWorkers = lostWorkers
        self.requeued = requeued
        self.discarded = discarded
    }
}

/// Where jobs live, as a worker sees it. Every decision about time is made by the store's clock.
public protocol JobStore: Sendable {
    associatedtype Transaction: Sendable

    /// Makes the worker known. Called again after the store forgot it.
    func register(_ worker: WorkerDescription) async throws -> WorkerID
    /// Removes the worker; whatever it still holds is rescued by others.
    func unregister(_ worker: WorkerID) async throws
    func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool) async throws -> HeartbeatReply

    /// Leases up to `limit` runnable jobs of the queue to the worker, the most urgent first.
    func claim(queue: String, limit: Int, worker: WorkerID) async throws -> [ClaimedJob]

    /// Ends runs in one statement. Returns the leases that were still held; the others changed nothing.
    func end(_ endings: [JobEnding]) async throws -> Set<JobLease>
    /// Ends one run together with the handler's writes, in one transaction. False when the lease was lost, and then
    /// `commit` was not called.
    func end(
        _ ending: JobEnding, commit: @escaping @Sendable (Transaction) async throws -> Void
    ) async throws -> Bool

    /// Moves due jobs to where they can be claimed. Returns how many, and how long until the next one is due.
    func promoteDue(limit: Int) async throws -> (promoted: Int, nextDue: Duration?)
    /// Hands on the work of workers that were silent for longer than `silence`, and of runs past their deadline.
    func rescue(silence: Duration) async throws -> RescueReport

    /// True for an error after which the same call may succeed: the server restarts, a connection broke.
    func isTransient(_ error: any Error) -> Bool

    /// Queues in which something became runnable; an empty name stands for all of them. A hint: polling finds the
    /// same work, later.
    var wakeUps: AsyncStream<String> { get }
}

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

/// What operators want of one worker.
public enum WorkerWish: String, Hashable, Sendable {
    /// Claim nothing more, and stay.
    case quiet
    /// Drain and leave.
    case stop
}

/// What operators set for one queue; `nil` leaves a number to the worker's own settings.
public struct QueueShare: Hashable, Sendable {
    /// Runs at the same time in each worker process.
    public var slots: Int?
    /// Jobs claimed ahead of a free slot.
    public var prefetch: Int?

    public init(slots: Int? = nil, prefetch: Int? = nil) {
        self.slots = slots
        self.prefetch = prefetch
    }
}

/// The store's answer to a heartbeat.
public struct HeartbeatReply: Hashable, Sendable {
    /// False when the store had given the worker up for dead: its leases went to others.
    public var isKnown: Bool
    public var wish: WorkerWish?
    /// By queue; a queue without an entry follows the worker's own settings.
    public var shares: [String: QueueShare]

    public init(isKnown: Bool, wish: WorkerWish? = nil, shares: [String: QueueShare] = [:]) {
        self.isKnown = isKnown
        self.wish = wish
        self.shares = shares
    }
}

/// What a worker asks a queue for.
public struct ClaimRequest: Hashable, Sendable {
    public var queue: String
    public var limit: Int
    public var worker: WorkerID
    /// For each lane, in order, a tag below which nothing is expected: it saves work and promises nothing.
    public var hints: [Int64]
    /// How many of the jobs may come from lower lanes, if something has waited there too long.
    public var aged: Int

    public init(
        queue: String, limit: Int, worker: WorkerID, hints: [Int64] = ClaimRequest.noHints, aged: Int = 0
    ) {
        self.queue = queue
        self.limit = limit
        self.worker = worker
        self.hints = hints
        self.aged = aged
    }

    /// Looks at every row.
    public static let noHints: [Int64] = Lane.allCases.map { _ in .min }
}

/// The jobs of a queue that a worker holds without having heard of them: their leases have a token above `after` that is
/// not among `heard`.
public struct UnheardClaims: Hashable, Sendable {
    public var queue: String
    public var worker: WorkerID
    public var after: Int64
    /// In ascending order.
    public var heard: [Int64]

    public init(queue: String, worker: WorkerID, after: Int64, heard: [Int64]) {
        self.queue = queue
        self.worker = worker
        self.after = after
        self.heard = heard
    }
}

/// What became of endings that were written together.
public struct EndReport: Hashable, Sendable {
    /// These jobs were ended. One that is neither here nor in ``busy`` had lost its lease, and nothing was written.
    public var accepted: Set<JobID>
    /// Somebody is joining these at the moment; they are to be written again, each alone.
    public var busy: Set<JobID>

    public init(accepted: Set<JobID>, busy: Set<JobID> = []) {
        self.accepted = accepted
        self.busy = busy
    }
}

/// Something that a worker should look at before its next poll. A hint: polling finds the same, later.
public enum WakeUp: Hashable, Sendable {
    /// Something in this queue became runnable.
    case queue(String)
    /// Anything may have become runnable anywhere.
    case everything
    /// Somebody wants a running job to stop.
    case stops
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

    /// Where the loops that do little but talk to the store should run; `nil` where that makes no difference.
    var executor: (any TaskExecutor)? { get }

    /// Makes the worker known. Called again after the store forgot it.
    func register(_ worker: WorkerDescription) async throws -> WorkerID
    /// Removes the worker; whatever it still holds is rescued by others.
    func unregister(_ worker: WorkerID) async throws
    func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool) async throws -> HeartbeatReply

    /// Jobs that the worker runs and somebody wants stopped.
    func stopWishes(for worker: WorkerID) async throws -> [JobID]

    /// Leases runnable jobs to the worker, the most urgent first.
    func claim(_ request: ClaimRequest) async throws -> [ClaimedJob]
    /// Puts jobs back whose claim was never heard of, and says how many there were. Their attempts are not spent.
    func putBack(_ claims: UnheardClaims) async throws -> Int

    /// Shows how far a run has come. False when its lease is lost.
    func report(_ progress: JobProgress, of lease: JobLease) async throws -> Bool

    /// Ends runs in one statement. A run whose lease was lost changes nothing.
    func end(_ endings: [JobEnding]) async throws -> EndReport
    /// Ends one run together with the handler's writes, in one transaction. False when the lease was lost, and then
    /// `commit` was not called.
    func end(
        _ ending: JobEnding, commit: @escaping @Sendable (Transaction) async throws -> Void
    ) async throws -> Bool

    /// Moves due jobs to where they can be claimed. Returns how many, and how long until the next one is due.
    func promoteDue(limit: Int) async throws -> (promoted: Int, nextDue: Duration?)
    /// Hands on the work of workers that were silent for longer than `silence`, and of runs past their deadline.
    /// Reading every lease is left out unless a worker was lost or `isThorough` asks for it.
    func rescue(silence: Duration, isThorough: Bool) async throws -> RescueReport

    /// True for an error after which the same call may succeed: the server restarts, a connection broke, or it is not
    /// known what became of a fenced call.
    func isTransient(_ error: any Error) -> Bool

    var wakeUps: AsyncStream<WakeUp> { get }
}

extension JobStore {
    public var executor: (any TaskExecutor)? { nil }
}

/// What a worker may do, given when the store last heard from it.
///
/// Pure: events in, actions out, time as a parameter.
struct WorkerLife: Sendable {
    enum Action: Hashable {
        case nothing
        /// The store forgot this worker: cancel its runs, whose leases went to others, and register again.
        case startOver
        /// Nobody was reached for too long: cancel what runs.
        case cancelRuns
    }

    private let isolationLimit: Duration
    /// How long the store must have answered before this worker judges others by their silence. After an outage
    /// every worker looks silent, and the first to return must not bury the rest.
    private let probation: Duration
    private(set) var lastHeard: ContinuousClock.Instant
    private var heardSince: ContinuousClock.Instant
    private var isIsolated = false

    /// - Parameter trial: how long a fresh worker waits before it judges others: enough for those that lived through an
    ///   outage to be heard again, and short enough for a fleet that was killed as a whole to recover in time.
    init(now: ContinuousClock.Instant, isolationLimit: Duration, probation: Duration, trial: Duration) {
        self.isolationLimit = isolationLimit
        self.probation = probation
        self.lastHeard = now
        self.heardSince = now - max(.zero, probation - trial)
    }

    mutating func heartbeatSucceeded(isKnown: Bool, now: ContinuousClock.Instant) -> Action {
        self.lastHeard = now
        self.isIsolated = false
        return isKnown ? .nothing : .startOver
    }

    mutating func heartbeatFailed(now: ContinuousClock.Instant) -> Action {
        // Whoever counts on the store's answers has to be answered without a break.
        self.heardSince = now
        guard !self.isIsolated, self.lastHeard.duration(to: now) >= self.isolationLimit else { return .nothing }
        self.isIsolated = true
        return .cancelRuns
    }

    /// Whether this worker may declare others dead.
    func mayRescue(now: ContinuousClock.Instant) -> Bool {
        self.heardSince.duration(to: now) >= self.probation
    }
}

/// What one process asks of a limiter that the fleet shares.
public struct LimiterRequest: Hashable, Sendable {
    /// What one axis of rate is asked for.
    public struct Share: Hashable, Sendable {
        /// What the next call takes; 0 where it needs nothing more.
        public var need = 0.0
        /// What there would be use for.
        public var want = 0.0
        /// What was spent beyond what was given; below zero for what was given and not spent.
        public var owed = 0.0

        public init(need: Double = 0, want: Double = 0, owed: Double = 0) {
            self.need = need
            self.want = want
            self.owed = owed
        }
    }

    public var requests = Share()
    public var tokens = Share()
    /// Calls under way.
    public var inUse = 0
    /// Calls under way and calls that wait.
    public var wantedPermits = 0

    public init() {}
}

/// What the fleet grants one process.
public struct LimiterReply: Hashable, Sendable {
    /// The slice of each axis of rate that is limited; 0 where nothing was asked for or had.
    public var slices: [RateAxis: Double]
    /// How long until the need can be met.
    public var wait: Duration
    /// How long the provider wants to be left alone.
    public var penalty: Duration
    /// How many calls this process may have under way; `nil` without such a limit. It breaks off none of those it has,
    /// and begins none while it has as many.
    public var permits: Int?
    /// Other processes wait for permits.
    public var isContended: Bool

    public init(
        slices: [RateAxis: Double] = [:], wait: Duration = .zero, penalty: Duration = .zero, permits: Int? = nil,
        isContended: Bool = false
    ) {
        self.slices = slices
        self.wait = wait
        self.penalty = penalty
        self.permits = permits
        self.isContended = isContended
    }

    /// True when no limit of that name is set.
    public var isUnlimited: Bool { self.slices.isEmpty && self.permits == nil }
}

/// Where the fleet counts what it asks of providers.
public protocol LimiterStore: Sendable {
    /// Settles what `holder` owes and is owed, and grants it what it needs on every axis or on none.
    func sync(_ name: String, holder: String, _ request: LimiterRequest) async throws -> LimiterReply
    /// The provider refused a call that began `callAge` ago: nobody calls for `pause`, and the rates fall.
    func penalize(_ name: String, pause: Duration, callAge: Duration) async throws
    /// Gives back all that `holder` may still have.
    func withdraw(holder: String) async throws
}

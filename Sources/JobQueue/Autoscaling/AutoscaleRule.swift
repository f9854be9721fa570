/// How many worker processes a queue should have.
///
/// `lectern.desired_replicas` says the same in SQL; a test holds the two together.
public struct AutoscaleRule: Hashable, Sendable {
    /// What all that is due should have been started within.
    public var targetWait: Duration
    /// Worker processes, at least and at most.
    public var replicas: ClosedRange<Int>

    /// A rule; ``Load`` says what it is applied to.
    public init(targetWait: Duration = .seconds(30), replicas: ClosedRange<Int> = 1...10) {
        self.targetWait = targetWait
        self.replicas = replicas
    }

    /// How a queue stands.
    public struct Load: Hashable, Sendable {
        /// Jobs that could start now.
        public var due: Int
        /// Runs under way.
        public var running: Int
        public var meanRun: Duration
        /// Runs at once in one worker process.
        public var perReplica: Int
        /// Runs at once in the whole fleet; `nil` for no limit.
        public var maxRunning: Int?

        /// A queue's load.
        public init(due: Int, running: Int, meanRun: Duration, perReplica: Int, maxRunning: Int? = nil) {
            self.due = due
            self.running = running
            self.meanRun = meanRun
            self.perReplica = perReplica
            self.maxRunning = maxRunning
        }
    }

    /// Enough slots for what runs, and to start all that is due within ``targetWait``; never more processes than the
    /// queue's limit on runs could keep busy.
    public func desired(for load: Load) -> Int {
        let slots = Double(load.running) + Double(load.due) * (load.meanRun / self.targetWait)
        let needed = (slots / Double(load.perReplica)).rounded(.up)
        let useful = load.maxRunning.map { Double($0 + load.perReplica - 1) / Double(load.perReplica) } ?? .infinity
        let low = self.replicas.lowerBound
        // In floating point until it is bounded: any number of jobs may be due.
        return Int(
            min(
                max(Double(low), needed), Double(self.replicas.upperBound),
                max(Double(low), useful.rounded(.down))))
    }
}

/// Follows a rule upwards at once and downwards only after a while, so that a fleet does not follow every wave.
///
/// Kubernetes calls that while the stabilization window for scaling down. Its 300 s let random waves through, up and down
/// again within ten minutes (`lectern bench autoscale`), so ours is twice as long.
public struct ScaleStabilizer: Sendable {
    private let window: Duration
    private var wishes: [(at: Duration, replicas: Int)] = []

    /// - Parameter window: how long the highest wish is held.
    public init(window: Duration = .seconds(600)) {
        self.window = window
    }

    /// - Parameters:
    ///   - desired: what the rule says.
    ///   - now: since any fixed moment; never goes back.
    /// - Returns: the highest wish of the window.
    public mutating func settle(_ desired: Int, at now: Duration) -> Int {
        self.wishes.removeAll { $0.at <= now - self.window || $0.replicas <= desired }
        self.wishes.append((now, desired))
        return self.wishes.reduce(desired) { max($0, $1.replicas) }
    }
}

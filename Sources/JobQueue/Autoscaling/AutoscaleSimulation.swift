import Foundation

/// A queue and the fleet that an ``AutoscaleRule`` steers, by computation: arrivals at a given rate, runs of random
/// length, processes that take their time to start and finish their runs before they go.
public struct AutoscaleSimulation: Sendable {
    /// The circumstances.
    public struct Setting: Sendable {
        public var rule: AutoscaleRule
        /// How long a lower wish is held back.
        public var window: Duration = .seconds(600)
        /// Runs at once in one process.
        public var perReplica: Int
        public var meanRun: Duration
        /// Between two looks at the queue.
        public var pollInterval: Duration = .seconds(15)
        /// From the wish for a process to its first claim.
        public var startTime: Duration = .seconds(40)
        public var length: Duration
        /// Jobs per second at a time since the start.
        public var rate: @Sendable (Duration) -> Double
        /// Above every value of ``rate``.
        public var highestRate: Double
        /// Jobs that come at once.
        public var bursts: [(at: Duration, jobs: Int)] = []

        /// A setting without bursts.
        public init(
            rule: AutoscaleRule, perReplica: Int, meanRun: Duration, length: Duration, highestRate: Double,
            rate: @escaping @Sendable (Duration) -> Double
        ) {
            self.rule = rule
            self.perReplica = perReplica
            self.meanRun = meanRun
            self.length = length
            self.rate = rate
            self.highestRate = highestRate
        }
    }

    /// What came out.
    public struct Outcome: Hashable, Sendable {
        public var jobs = 0
        /// Share of jobs that started within the rule's wait.
        public var withinTarget = 0.0
        /// Nine hundred and ninety of a thousand jobs started within.
        public var wait99: Duration = .zero
        /// From the last burst to the start of the last job that came with it.
        public var burstWait: Duration = .zero
        public var mostReplicas = 0
        /// Processes that were paid for, on average.
        public var meanReplicas = 0.0
        /// Processes that the arrivals alone would have kept busy, on average.
        public var busyReplicas = 0.0
        /// Changes of the wished number of processes, and those of them that took back another within ten minutes.
        public var changes = 0
        public var flaps = 0
    }

    private let setting: Setting

    /// A simulation that can be run again and again.
    public init(_ setting: Setting) {
        self.setting = setting
    }

    /// Plays the whole length. The same seed gives the same outcome.
    public func run(seed: UInt64) -> Outcome {
        var generator = SplitMix64(state: seed)
        return self.run(using: &generator)
    }

    /// Plays the whole length with these random numbers.
    public func run(using generator: inout some RandomNumberGenerator) -> Outcome {
        var fleet = SimulatedFleet(self.setting, arrivals: self.arrivals(using: &generator))
        fleet.play(using: &generator)
        return fleet.outcome
    }

    /// A Poisson process of a changing rate, by thinning (Lewis and Shedler 1979), and the bursts.
    private func arrivals(using generator: inout some RandomNumberGenerator) -> [SimulatedFleet.Arrival] {
        var arrivals: [SimulatedFleet.Arrival] = []
        let (length, highest) = (self.setting.length / .seconds(1), self.setting.highestRate)
        var time = Self.exponential(mean: 1 / highest, using: &generator)
        while time < length {
            if Double.random(in: 0..<highest, using: &generator) < self.setting.rate(.seconds(time)) {
                arrivals.append(.init(at: time, isOfBurst: false))
            }
            time += Self.exponential(mean: 1 / highest, using: &generator)
        }
        for burst in self.setting.bursts {
            arrivals += Array(repeating: .init(at: burst.at / .seconds(1), isOfBurst: true), count: burst.jobs)
        }
        return arrivals.sorted { $0.at < $1.at }
    }

    static func exponential(mean: Double, using generator: inout some RandomNumberGenerator) -> Double {
        // Powers of two as bounds: never the logarithm of zero.
        -mean * log(Double.random(in: 0x1p-53...1, using: &generator))
    }
}

/// Numbers that a seed repeats on every machine: the SplitMix64 generator of Steele, Lea and Flood (2014).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

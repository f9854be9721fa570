import HeapModule

/// Worker processes and the jobs that wait for them, from event to event. Times are seconds since the start.
struct SimulatedFleet {
    struct Arrival {
        var at: Double
        var isOfBurst: Bool
    }

    private enum Event { case arrival, end, start, poll }

    private let setting: AutoscaleSimulation.Setting
    private let arrivals: [Arrival]
    private var nextArrival = 0
    /// Arrivals before it have started.
    private var nextStart = 0
    private var ends = Heap<Double>()
    /// When processes that were asked for are there, the earliest first.
    private var starting: [Double] = []
    private var replicas: Int
    private var stabilizer: ScaleStabilizer
    private var nextPoll: Double
    private var now = 0.0
    private var paid = 0.0
    private var waits: [Double] = []
    private var burstWait = 0.0
    private var wishes: [(at: Double, step: Int)] = []
    private(set) var outcome = AutoscaleSimulation.Outcome()

    init(_ setting: AutoscaleSimulation.Setting, arrivals: [Arrival]) {
        self.setting = setting
        self.arrivals = arrivals
        self.replicas = setting.rule.replicas.lowerBound
        self.stabilizer = ScaleStabilizer(window: setting.window)
        self.nextPoll = setting.pollInterval / .seconds(1)
        self.waits.reserveCapacity(arrivals.count)
    }

    /// Plays until every job has started and the time is over.
    mutating func play(using generator: inout some RandomNumberGenerator) {
        let length = self.setting.length / .seconds(1)
        while self.now < length || self.nextStart < self.arrivals.count {
            switch self.advance() {
            case .arrival: self.nextArrival += 1
            case .end: self.ends.removeMin()
            case .start:
                self.starting.removeFirst()
                self.replicas += 1
            case .poll: self.poll()
            }
            self.claim(using: &generator)
        }
        self.sum()
    }

    /// Goes on to the next event.
    private mutating func advance() -> Event {
        var (time, event) = (self.nextPoll, Event.poll)
        if let start = self.starting.first, start < time { (time, event) = (start, .start) }
        if let end = self.ends.min, end < time { (time, event) = (end, .end) }
        if self.nextArrival < self.arrivals.count, self.arrivals[self.nextArrival].at <= time {
            (time, event) = (self.arrivals[self.nextArrival].at, .arrival)
        }
        // A process that drains is paid for until its runs are over.
        let busy = (self.ends.count + self.setting.perReplica - 1) / self.setting.perReplica
        self.paid += (time - self.now) * Double(max(self.replicas, busy) + self.starting.count)
        self.now = time
        return event
    }

    private mutating func claim(using generator: inout some RandomNumberGenerator) {
        while self.nextStart < self.nextArrival, self.ends.count < self.replicas * self.setting.perReplica {
            let arrival = self.arrivals[self.nextStart]
            self.nextStart += 1
            self.waits.append(self.now - arrival.at)
            if arrival.isOfBurst { self.burstWait = self.now - arrival.at }
            let run = AutoscaleSimulation.exponential(mean: self.setting.meanRun / .seconds(1), using: &generator)
            self.ends.insert(self.now + run)
        }
    }

    private mutating func poll() {
        self.nextPoll = self.now + self.setting.pollInterval / .seconds(1)
        let desired = self.setting.rule.desired(
            for: AutoscaleRule.Load(
                due: self.nextArrival - self.nextStart, running: self.ends.count, meanRun: self.setting.meanRun,
                perReplica: self.setting.perReplica))
        let wish = self.stabilizer.settle(desired, at: .seconds(self.now))
        let step = wish - self.replicas - self.starting.count
        guard step != 0 else { return }
        self.wishes.append((self.now, step))
        self.outcome.mostReplicas = max(self.outcome.mostReplicas, wish)
        if step > 0 {
            let ready = self.now + self.setting.startTime / .seconds(1)
            self.starting += Array(repeating: ready, count: step)
        } else {
            // Those that have not started yet go first.
            let recalled = min(-step, self.starting.count)
            self.starting.removeLast(recalled)
            self.replicas -= -step - recalled
        }
    }

    private mutating func sum() {
        let target = self.setting.rule.targetWait / .seconds(1)
        let sorted = self.waits.sorted()
        self.outcome.jobs = sorted.count
        self.outcome.withinTarget =
            sorted.isEmpty ? 1 : Double(sorted.count(where: { $0 <= target })) / Double(sorted.count)
        self.outcome.wait99 = .seconds(sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
        self.outcome.burstWait = .seconds(self.burstWait)
        self.outcome.meanReplicas = self.paid / self.now
        self.outcome.busyReplicas =
            Double(sorted.count) * (self.setting.meanRun / .seconds(1)) / Double(self.setting.perReplica) / self.now
        self.outcome.changes = self.wishes.count
        self.outcome.flaps = zip(self.wishes, self.wishes.dropFirst()).count { first, second in
            (first.step > 0) != (second.step > 0) && second.at - first.at < 600 && first.step > 0
        }
    }
}

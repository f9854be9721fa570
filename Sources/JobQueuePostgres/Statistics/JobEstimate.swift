public import JobQueue

/// When a job will start and end, as far as its queue's pace tells.
public struct JobEstimate: Hashable, Sendable {
    /// A time from now on.
    public struct Span: Hashable, Sendable {
        public var expected: Duration
        /// Holds the true time in most cases, while nothing more urgent arrives.
        public var range: ClosedRange<Duration>
    }

    /// Jobs that come before it, up to 1,000; the estimate is a lower bound from there on. Only while it is ready.
    public var position: Int?
    /// Runs at once in its queue.
    public var slots: Int
    /// Zero while it runs; `nil` when nobody serves its queue, or it waits for something that no pace tells.
    public var start: Span?
    /// `nil` where ``start`` is.
    public var end: Span?

    /// `nil` for a job that has ended.
    public init?(of job: JobSnapshot, at pace: QueuePace) {
        guard !job.isFinal else { return nil }
        self.position = job.position
        self.slots = pace.slots
        let run = Span(expected: pace.meanRun, range: Self.range(pace.shortRun, pace.longRun, holding: pace.meanRun))
        if job.state == .running {
            self.start = Span(expected: .zero, range: .zero ... .zero)
            let left = max(.zero, pace.meanRun - (job.ranFor ?? .zero))
            self.end = Span(
                expected: left,
                range: Self.range(.zero, max(.zero, pace.longRun - (job.ranFor ?? .zero)), holding: left))
            return
        }
        guard job.state != .blocked, pace.slots > 0 else { return }
        var start = Self.wait(behind: job.position ?? 0, at: pace)
        if let runsIn = job.runsIn { start = Span(expected: runsIn, range: runsIn...(runsIn + start.range.upperBound)) }
        self.start = start
        self.end = Span(
            expected: start.expected + run.expected,
            range: (start.range.lowerBound + run.range.lowerBound)...(start.range.upperBound + run.range.upperBound))
    }

    /// Until a slot is free behind `ahead` jobs. The ends of runs that have to come first are spread evenly over the
    /// slots; their sum strays by the root of their number. Runs of one length end in rounds, which bounds both sides.
    private static func wait(behind ahead: Int, at pace: QueuePace) -> Span {
        let ends = ahead - max(0, pace.slots - pace.running) + 1
        guard ends > 0 else { return Span(expected: .zero, range: .zero ... .zero) }
        let slots = Double(pace.slots)
        let expected = pace.meanRun * (Double(ends) / slots)
        let strays = pace.runDeviation * (2 * Double(ends).squareRoot() / slots)
        let low = min(expected - strays, pace.meanRun * Double((ends - 1) / pace.slots))
        let high = max(expected + strays, pace.meanRun * Double((ends + pace.slots - 1) / pace.slots))
        return Span(expected: expected, range: Self.range(low, high, holding: expected))
    }

    private static func range(_ low: Duration, _ high: Duration, holding middle: Duration) -> ClosedRange<Duration> {
        max(.zero, min(low, middle))...max(high, middle)
    }
}

extension JobInspector {
    /// When the job will start and end; `nil` when it has ended or is unknown.
    public func estimate(of id: JobID) async throws -> JobEstimate? {
        guard let job = try await self.snapshot(of: id), !job.isFinal else { return nil }
        return JobEstimate(of: job, at: try await self.pace(of: job.queue))
    }
}

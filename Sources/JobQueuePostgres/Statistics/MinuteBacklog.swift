/// The counts that are on their way to the database.
///
/// Pure: time comes in as a parameter. The minute that counts belong to is the database's: its clock is asked now and
/// then, and the worker's monotonic clock carries on from there.
struct MinuteBacklog: Sendable {
    /// What was counted between two takes.
    struct Report: Sendable {
        /// Minutes since 1970.
        var minute: Int64
        /// Grows with every report of a process, so that a report written twice is added once.
        var part: Int32
        var entries: [RunTally.Entry]
    }

    /// While the database is away reports wait here, at most an hour of them.
    static let limit = 60

    private(set) var reports: [Report] = []
    private var parts: Int32 = 0
    private var takenAt: ContinuousClock.Instant
    private var anchor: (databaseTime: Duration, at: ContinuousClock.Instant)?

    init(now: ContinuousClock.Instant) {
        self.takenAt = now
    }

    /// Takes over the database's clock.
    ///
    /// - Parameter databaseTime: since 1970.
    mutating func set(databaseTime: Duration, now: ContinuousClock.Instant) {
        self.anchor = (databaseTime, now)
    }

    /// Until the next minute begins; `nil` while the database's clock is unknown.
    func untilNextMinute(now: ContinuousClock.Instant) -> Duration? {
        guard let time = self.databaseTime(at: now) else { return nil }
        return .milliseconds(60_000 - time.milliseconds % 60_000)
    }

    /// False until the database's clock was read; nothing can be filed before.
    var knowsTime: Bool { self.anchor != nil }

    /// Files what was counted until now under the minute that most of the time lay in.
    ///
    /// - Returns: how many old reports were given up for it.
    mutating func file(_ entries: [RunTally.Entry], now: ContinuousClock.Instant) -> Int {
        let middle = self.takenAt + self.takenAt.duration(to: now) / 2
        guard let time = self.databaseTime(at: middle) else { return 0 }
        self.takenAt = now
        guard !entries.isEmpty else { return 0 }
        self.parts += 1
        self.reports.append(Report(minute: time.milliseconds / 60_000, part: self.parts, entries: entries))
        let excess = max(0, self.reports.count - Self.limit)
        self.reports.removeFirst(excess)
        return excess
    }

    mutating func written(_ report: Report) {
        self.reports.removeAll { $0.part == report.part }
    }

    private func databaseTime(at instant: ContinuousClock.Instant) -> Duration? {
        self.anchor.map { $0.databaseTime + $0.at.duration(to: instant) }
    }
}

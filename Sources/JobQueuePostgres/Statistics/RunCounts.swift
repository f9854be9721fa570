import JobQueue

/// What became of runs.
public struct RunCounts: Hashable, Sendable {
    /// Runs begun.
    public var started = 0
    public var succeeded = 0
    /// Failed, to be run again.
    public var retried = 0
    /// Put off by their handlers.
    public var snoozed = 0
    /// Handed back by a leaving worker.
    public var released = 0
    /// Failed for good.
    public var discarded = 0
    public var cancelled = 0
    /// Their ends were refused, since their leases were lost.
    public var fenced = 0
    /// In millionths of the currency, of the runs that said what they cost.
    public var costMicros: Int64 = 0

    /// Runs that came to an end of their own: neither put off nor handed back.
    public var ended: Int { self.succeeded + self.retried + self.discarded + self.cancelled }

    static func += (sum: inout RunCounts, other: RunCounts) {
        sum.started += other.started
        sum.succeeded += other.succeeded
        sum.retried += other.retried
        sum.snoozed += other.snoozed
        sum.released += other.released
        sum.discarded += other.discarded
        sum.cancelled += other.cancelled
        sum.fenced += other.fenced
        sum.costMicros += other.costMicros
    }
}

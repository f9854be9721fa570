/// A lease as its holder sees it, by a monotonic clock of its own. Pure: time is a parameter.
///
/// The database counts a lease from the moment it grants it, which lies after the moment the holder asked. Counting from
/// the question, and stopping a margin earlier, the holder is always the first to think that it is over.
struct LeaderLease: Hashable, Sendable {
    /// Larger than every term before it.
    let term: Int64
    /// From this instant on the office may be another's.
    private(set) var endsAt: ContinuousClock.Instant
    private let length: Duration

    /// - Parameter askedAt: when the statement was sent that was answered with the term.
    init(term: Int64, askedAt: ContinuousClock.Instant, configuration: LeaderConfiguration) {
        self.term = term
        self.length = configuration.lease - configuration.margin
        self.endsAt = askedAt + self.length
    }

    /// A renewal that was asked for at `askedAt` was granted. Does not revive a lease that is over.
    mutating func renewed(askedAt: ContinuousClock.Instant, now: ContinuousClock.Instant) {
        guard self.isHeld(at: now) else { return }
        self.endsAt = max(self.endsAt, askedAt + self.length)
    }

    func isHeld(at now: ContinuousClock.Instant) -> Bool { now < self.endsAt }
}

/// How a leader holds its lease.
public struct LeaderConfiguration: Sendable {
    /// How long the office stays with a holder that says nothing.
    public var lease: Duration = .seconds(10)
    /// How long after a grant the next one is asked for.
    public var renewalInterval: Duration = .seconds(3)
    /// How often others ask whether the office is free.
    public var candidacyInterval: Duration = .seconds(3)
    /// How long before the end of its lease a holder stops: room for clocks that run at different speeds and for work
    /// that takes a moment to stop.
    public var margin: Duration = .seconds(1)

    public init() {}
}

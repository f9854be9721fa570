/// When a failed job runs again.
///
/// Exponential backoff with full jitter: the delay after attempt `n` is drawn evenly from `0 … min(cap, base · 2ⁿ⁻¹)`,
/// so that jobs which failed together do not come back together.
/// With a base of 1 s and a cap of 5 min the upper bounds are
///
/// | attempt | 1 | 2 | 3 | 4 | 5 | 8 | 9 | 10 |
/// |---|---|---|---|---|---|---|---|---|
/// | at most | 1 s | 2 s | 4 s | 8 s | 16 s | 128 s | 256 s | 300 s |
///
/// Source of the name and of the comparison with other jitters: M. Brooker, "Exponential Backoff And Jitter", 2015.
public struct RetryPolicy: Hashable, Sendable {
    /// Upper bound of the first delay.
    public var base: Duration
    /// Upper bound of every delay.
    public var cap: Duration
    /// Runs a job gets before it becomes a dead letter. At least 1.
    public var maxAttempts: Int

    public init(base: Duration = .seconds(1), cap: Duration = .seconds(300), maxAttempts: Int = 10) {
        self.base = base
        self.cap = cap
        self.maxAttempts = max(1, maxAttempts)
    }

    /// One run, no retry.
    public static let once = RetryPolicy(maxAttempts: 1)

    /// The longest delay that may follow the run numbered `attempt` (1 is the first).
    public func bound(afterAttempt attempt: Int) -> Duration {
        // 62 doublings overflow any sensible base; 40 already exceed every cap by years.
        let doublings = min(max(attempt - 1, 0), 40)
        let grown = self.base * (Double(UInt64(1) << UInt64(doublings)))
        return min(self.cap, grown)
    }

    /// The delay before the next run, or `nil` when `attempt` was the last.
    public func delay(
        afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard attempt < self.maxAttempts else { return nil }
        return self.bound(afterAttempt: attempt) * Double.random(in: 0...1, using: &generator)
    }
}

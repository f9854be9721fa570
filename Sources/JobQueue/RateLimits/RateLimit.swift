/// What a provider counts.
public enum RateAxis: String, Hashable, Sendable, CaseIterable {
    /// Requests per minute.
    case requests
    /// Tokens per minute.
    case tokens
    /// Requests under way at the same time.
    case concurrency
}

/// One limit of the fleet, as an operator sets it.
///
/// In any stretch of `t` minutes the whole fleet lets go at most `burst + ceiling · t`, and beyond that one slice for
/// each process: a second's worth, or one call where that is more.
public struct RateLimit: Hashable, Sendable {
    public var axis: RateAxis
    /// The most per minute; for ``RateAxis/concurrency`` the most at the same time, up to 10,000.
    public var ceiling: Double
    /// The least that refusals of the provider may bring the rate down to.
    public var floor: Double
    /// What may be taken at once after a pause. Has no meaning for ``RateAxis/concurrency``.
    public var burst: Double
    /// The time in which a lowered rate grows by its whole ceiling.
    public var recovery: Duration

    /// - Parameters:
    ///   - floor: a hundredth of the ceiling where none is given, and at least 1.
    ///   - burst: a second's worth where none is given, and at least 1.
    public init(
        _ axis: RateAxis, ceiling: Double, floor: Double? = nil, burst: Double? = nil,
        recovery: Duration = .seconds(300)
    ) {
        self.axis = axis
        self.ceiling = ceiling
        self.floor = floor ?? min(ceiling, max(1, ceiling / 100))
        self.burst = max(1, burst ?? ceiling / 60)
        self.recovery = recovery
    }
}

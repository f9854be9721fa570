/// The passing of time as the module sees it, so that tests can hold it still.
public struct MCPTime: Sendable {
    /// Time since some fixed moment; never runs backwards.
    public var now: @Sendable () -> Duration
    /// Waits; throws `CancellationError` when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void

    /// Time by two functions.
    public init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// Time by a clock.
    public init<C: Clock>(_ clock: C) where C.Duration == Duration, C: Sendable, C.Instant: Sendable {
        let origin = clock.now
        self.init(
            now: { origin.duration(to: clock.now) },
            sleep: { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) })
    }

    /// The machine's own.
    public static let continuous = MCPTime(ContinuousClock())
}

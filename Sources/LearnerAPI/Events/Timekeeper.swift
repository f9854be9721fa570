/// The time as routes need it: readings that only grow, and pauses. Tests bring their own.
public struct Timekeeper: Sendable {
    /// Time since an arbitrary beginning.
    public var now: @Sendable () -> Duration
    /// Returns after the time, or throws `CancellationError` as soon as the task is cancelled.
    public var pause: @Sendable (Duration) async throws -> Void

    /// A timekeeper from its parts.
    public init(
        now: @escaping @Sendable () -> Duration, pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.pause = pause
    }

    /// The machine's continuous clock.
    public static func continuous() -> Timekeeper {
        let clock = ContinuousClock()
        let start = clock.now
        return Timekeeper(
            now: { start.duration(to: clock.now) }, pause: { try await Task.sleep(for: $0, clock: clock) })
    }
}

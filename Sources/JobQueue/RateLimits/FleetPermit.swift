import Synchronization

/// The leave to make one call.
public final class FleetPermit: Sendable {
    private struct State {
        var isSettled = false
        var isReleased = false
    }

    private let limits: FleetLimits
    private let name: String
    private let estimate: Int
    private let startedAt: ContinuousClock.Instant
    private let state = Mutex(State())

    init(limits: FleetLimits, name: String, estimate: Int, startedAt: ContinuousClock.Instant) {
        self.limits = limits
        self.name = name
        self.estimate = estimate
        self.startedAt = startedAt
    }

    deinit { self.release() }

    /// Says how many tokens the call took in truth. Counts once.
    public func settle(actualTokens: Int) {
        guard self.takeSettlement() else { return }
        self.limits.settle(self.name, estimate: self.estimate, actual: actualTokens)
    }

    /// The provider refused the call for being one too many: the whole fleet pauses and slows down.
    /// - Parameter retryAfter: as the provider asks; `nil` where it names no time.
    public func penalize(retryAfter: Duration?) async {
        await self.limits.penalize(
            self.name, pause: retryAfter, callAge: self.startedAt.duration(to: ContinuousClock().now))
    }

    /// The call was not made after all. What was counted for it goes back.
    public func undo() {
        if self.takeSettlement() { self.limits.undo(self.name, estimate: self.estimate) }
        self.release()
    }

    /// The call is over. Counts once.
    public func release() {
        let isFirst = self.state.withLock { state in
            defer { state.isReleased = true }
            return !state.isReleased
        }
        if isFirst { self.limits.end(self.name) }
    }

    private func takeSettlement() -> Bool {
        self.state.withLock { state in
            defer { state.isSettled = true }
            return !state.isSettled
        }
    }
}

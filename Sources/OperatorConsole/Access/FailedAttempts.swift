import Synchronization

/// Counts wrong credentials of a process, so that guessing ends soon. Who had the right one before is not kept out.
final class FailedAttempts: Sendable {
    static let window: Duration = .seconds(60)
    /// In a window; the next one waits for its end.
    static let limit = 60
    private static let maximumKnown = 1_000

    private struct State {
        var began: ContinuousClock.Instant
        var count = 0
        /// Of credentials that opened something, by their hash values in this process.
        var known: Set<Int> = []
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
        self.state = Mutex(State(began: now()))
    }

    /// Whether one more may be tried.
    var isOpen: Bool {
        self.state.withLock { state in
            if state.began.duration(to: self.now()) >= Self.window {
                state.began = self.now()
                state.count = 0
            }
            return state.count < Self.limit
        }
    }

    func isKnown(_ token: String) -> Bool {
        self.state.withLock { $0.known.contains(token.hashValue) }
    }

    func succeeded(_ token: String) {
        self.state.withLock { state in
            if state.known.count >= Self.maximumKnown { state.known.removeAll() }
            state.known.insert(token.hashValue)
        }
    }

    func failed(_ token: String) {
        self.state.withLock { state in
            state.count += 1
            state.known.remove(token.hashValue)
        }
    }
}

import Synchronization

/// How many requests are under way, against the most that may be.
final class RequestCount: Sendable {
    private let maximum: Int
    private let current = Mutex(0)

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Counts a request in; false when the process is full.
    func enter() -> Bool {
        self.current.withLock { current in
            guard current < self.maximum else { return false }
            current += 1
            return true
        }
    }

    func leave() {
        self.current.withLock { $0 -= 1 }
    }
}

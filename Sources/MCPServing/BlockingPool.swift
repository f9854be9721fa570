import Dispatch
import Synchronization

/// Runs blocking work (file calls, long computations) on a few threads of its own, so that the threads of Swift's
/// concurrency stay free to answer.
///
/// Work is begun in the order of submission, at most `width` pieces at a time. What waits is bounded by the callers, each
/// of whom awaits its own piece.
package final class BlockingPool: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        /// Where the oldest waiting piece stands in `waiting`; what lies before is done.
        var next = 0
        var active = 0

        mutating func pop() -> (@Sendable () -> Void)? {
            guard self.next < self.waiting.count else {
                self.waiting.removeAll(keepingCapacity: true)
                self.next = 0
                self.active -= 1
                return nil
            }
            let work = self.waiting[self.next]
            self.next += 1
            if self.next > 256 {
                self.waiting.removeFirst(self.next)
                self.next = 0
            }
            return work
        }
    }

    private let queue: DispatchQueue
    private let width: Int
    private let state = Mutex(State())

    package init(label: String, width: Int) {
        self.queue = DispatchQueue(label: label, attributes: .concurrent)
        self.width = width
    }

    /// Runs `body` on a thread of the pool and returns what it returns.
    ///
    /// A task that is cancelled while its work still waits gets `CancellationError`, and the work is not begun; begun work
    /// ends by itself.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                self.submit {
                    continuation.resume(
                        with: Result {
                            if flag.isSet.load(ordering: .relaxed) { throw CancellationError() }
                            return try body()
                        })
                }
            }
        } onCancel: {
            flag.isSet.store(true, ordering: .relaxed)
        }
    }

    /// Begins `work` as soon as a thread is free, and returns at once.
    package func submit(_ work: @escaping @Sendable () -> Void) {
        let starts = self.state.withLock { state in
            state.waiting.append(work)
            guard state.active < self.width else { return false }
            state.active += 1
            return true
        }
        if starts {
            self.queue.async { self.drain() }
        }
    }

    private func drain() {
        while let work = self.state.withLock({ $0.pop() }) {
            work()
        }
    }
}

/// Tells waiting work that its caller has gone.
private final class CancellationFlag: Sendable {
    let isSet = Atomic(false)
}

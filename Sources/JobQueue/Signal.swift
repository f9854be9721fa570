import Synchronization

/// A flag that one task raises and another waits for; raising it twice before the wait ends counts once.
final class Signal: Sendable {
    private enum State {
        case lowered
        case raised
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.lowered)

    func raise() {
        let waiter: CheckedContinuation<Void, Never>? = self.state.withLock { state in
            if case .waiting(let continuation) = state {
                state = .lowered
                return continuation
            }
            state = .raised
            return nil
        }
        waiter?.resume()
    }

    /// Returns when the flag is raised, and lowers it, or when the task is cancelled. One waiter at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = self.state.withLock { state in
                    // A cancelled task must not park: its handler has run already.
                    if case .raised = state {
                        state = .lowered
                        return true
                    }
                    if Task.isCancelled { return true }
                    state = .waiting(continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            self.raise()
        }
    }

    /// As ``wait()``, but no longer than `timeout`.
    func wait(atMost timeout: Duration, clock: some Clock<Duration>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            // Ends early only by cancellation, which is what the caller asked for.
            group.addTask { try? await clock.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
    }
}

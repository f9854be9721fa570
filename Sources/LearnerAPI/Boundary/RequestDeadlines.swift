import Dispatch
import Hummingbird
import Synchronization

/// Ends what takes too long.
///
/// Requests that are due in the same tenth of a second share one timer. A timer and a second task for each of them cost
/// more than most requests take, and a timer that nobody needs any more still stands until it is due.
final class RequestDeadlines: Sendable {
    /// Where a request is noted.
    private struct Ticket {
        let tick: Int
        let number: Int
    }

    private struct State {
        /// How to cancel the requests that are due, by tenths of a second since the beginning.
        var due: [Int: [Int: @Sendable () -> Void]] = [:]
        var lastNumber = 0
    }

    private static let ticksPerSecond = 10.0

    private let clock = ContinuousClock()
    private let beginning = ContinuousClock.now
    private let state = Mutex(State())

    /// Runs `body`, cancels it soon after `limit` has passed, and then throws a ``Problem`` that says so.
    func run<Value: Sendable>(
        atMost limit: Duration, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        // A task of its own, since a cancelled one could not send the answer any more. It starts here and now, and has
        // ended when this function returns.
        let task = Task.immediate { try await body() }
        let ticket = self.note(limit) { task.cancel() }
        do {
            let value = try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
            _ = self.forget(ticket)
            return value
        } catch {
            if self.forget(ticket) { throw error }
            throw Problem(.requestTimedOut, "The request took more than \(limit.components.seconds) s.", retryAfter: 2)
        }
    }

    private func note(_ limit: Duration, cancel: @escaping @Sendable () -> Void) -> Ticket {
        let due = self.beginning.duration(to: self.clock.now) + limit
        let tick = Int((due / .seconds(1) * Self.ticksPerSecond).rounded(.up))
        let (ticket, isFirst) = self.state.withLock { state in
            state.lastNumber += 1
            let isFirst = state.due[tick] == nil
            state.due[tick, default: [:]][state.lastNumber] = cancel
            return (Ticket(tick: tick, number: state.lastNumber), isFirst)
        }
        if isFirst { self.expire(tick, after: limit + .seconds(1) / Self.ticksPerSecond) }
        return ticket
    }

    /// Returns whether the request had not been cancelled.
    private func forget(_ ticket: Ticket) -> Bool {
        self.state.withLock { $0.due[ticket.tick]?.removeValue(forKey: ticket.number) != nil }
    }

    private func expire(_ tick: Int, after delay: Duration) {
        DispatchQueue.global().asyncAfter(deadline: .now() + delay / .seconds(1)) { [weak self] in
            let late = self?.state.withLock { $0.due.removeValue(forKey: tick) }
            for cancel in (late ?? [:]).values { cancel() }
        }
    }
}

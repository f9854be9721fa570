import Synchronization

/// Answers many callers with few look-ups: what is asked for while a look-up is under way goes into the next one.
///
/// Whoever comes first looks up for himself and for those who came meanwhile, and passes the turn on; no task outlives
/// its caller. A caller that is cancelled takes nobody with it.
package final class Coalescer<Item: Sendable, Answer: Sendable>: Sendable {
    private enum Turn: Sendable {
        case answer(Result<Answer, any Error>)
        /// The caller is the one to look up now.
        case lead
        /// Whoever looked up gave up: ask again.
        case again
    }

    private struct Waiter {
        var number: Int
        var item: Item
        var turn: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var waiters: [Waiter] = []
        var leaders = 0
        var lastNumber = 0
    }

    private let maximumLeaders: Int
    private let maximumItems: Int
    private let lookUp: @Sendable ([Item]) async throws -> [Answer]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maximumLeaders: look-ups at the same time.
    ///   - maximumItems: items in one look-up.
    ///   - lookUp: gives one answer for each item, in their order.
    package init(
        maximumLeaders: Int, maximumItems: Int, lookUp: @escaping @Sendable ([Item]) async throws -> [Answer]
    ) {
        self.maximumLeaders = max(1, maximumLeaders)
        self.maximumItems = max(1, maximumItems)
        self.lookUp = lookUp
    }

    package func answer(for item: Item) async throws -> Answer {
        while true {
            try Task.checkCancellation()
            let leads = self.state.withLock { state in
                guard state.leaders < self.maximumLeaders else { return false }
                state.leaders += 1
                return true
            }
            switch leads ? .lead : await self.wait(with: item) {
            case .lead: return try await self.lead(with: item)
            case .answer(let result): return try result.get()
            case .again: continue
            }
        }
    }

    private func lead(with item: Item) async throws -> Answer {
        // Lets those go first who are about to ask: under load a look-up then takes more of them along.
        await Task.yield()
        let batch = self.state.withLock { state in
            let batch = Array(state.waiters.prefix(self.maximumItems - 1))
            state.waiters.removeFirst(batch.count)
            return batch
        }
        defer { self.passOn() }
        do {
            let answers = try await self.lookUp([item] + batch.map(\.item))
            precondition(answers.count == batch.count + 1, "a look-up gives one answer for each item")
            for (waiter, answer) in zip(batch, answers.dropFirst()) {
                waiter.turn.resume(returning: .answer(.success(answer)))
            }
            return answers[0]
        } catch {
            // A cancellation is this caller's own; any other error is everybody's.
            let isOwn = Task.isCancelled || error is CancellationError
            for waiter in batch { waiter.turn.resume(returning: isOwn ? .again : .answer(.failure(error))) }
            throw error
        }
    }

    private func passOn() {
        let next = self.state.withLock { state -> Waiter? in
            guard !state.waiters.isEmpty else {
                state.leaders -= 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.turn.resume(returning: .lead)
    }

    private func wait(with item: Item) async -> Turn {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                let isWaiting = self.state.withLock { state in
                    // Nobody who leads is left, or nobody who waits may be: the caller looks for itself again.
                    guard !Task.isCancelled, state.leaders > 0 else { return false }
                    state.waiters.append(Waiter(number: number, item: item, turn: turn))
                    return true
                }
                if !isWaiting { turn.resume(returning: .again) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> Waiter? in
                guard let place = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
                return state.waiters.remove(at: place)
            }
            waiter?.turn.resume(returning: .again)
        }
    }
}

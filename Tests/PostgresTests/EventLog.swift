import Postgres
import PostgresTesting
import Synchronization

/// What a listener told, in order.
final class EventLog: Sendable {
    private let events = Mutex<[PostgresListener.Event]>([])

    /// Writes down everything until the listener ends.
    func follow(_ listener: PostgresListener) async {
        for await event in listener.events { self.events.withLock { $0.append(event) } }
    }

    /// Waits until the next events are these.
    func expect(_ expected: PostgresListener.Event...) async throws {
        try await Deadline.poll("\(expected)") { self.events.withLock { $0.count >= expected.count } }
        let found = self.events.withLock { events in
            defer { events.removeFirst(expected.count) }
            return Array(events.prefix(expected.count))
        }
        guard found == expected else {
            throw PostgresError(code: .unexpectedAnswer, message: "\(found) instead of \(expected)")
        }
    }
}

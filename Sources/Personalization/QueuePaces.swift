import JobQueuePostgres
import Synchronization

/// Remembers for a moment how fast queues move, so that a rush of polls asks the database once.
final class QueuePaces: Sendable {
    private let known = Mutex<[String: (pace: QueuePace, until: ContinuousClock.Instant)]>([:])

    func pace(of queue: String, from inspector: JobInspector) async throws -> QueuePace {
        let now = ContinuousClock().now
        if let entry = self.known.withLock({ $0[queue] }), now < entry.until { return entry.pace }
        let pace = try await inspector.pace(of: queue)
        self.known.withLock { $0[queue] = (pace, now.advanced(by: .seconds(2))) }
        return pace
    }
}

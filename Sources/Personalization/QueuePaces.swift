import JobQueuePostgres
import Synchronization

/// Remembers for a moment how fast queues move, so that a rush of polls asks the database once.
final class QueuePaces: Sendable {
    struct Pace: Sendable {
        var meanRun: Duration
        var slots: Int
    }

    private let known = Mutex<[String: (pace: Pace, until: ContinuousClock.Instant)]>([:])

    func pace(of queue: String, from inspector: JobInspector) async throws -> Pace {
        let now = ContinuousClock().now
        if let entry = self.known.withLock({ $0[queue] }), now < entry.until { return entry.pace }
        let (meanRun, slots) = try await inspector.pace(of: queue)
        let pace = Pace(meanRun: meanRun, slots: slots)
        self.known.withLock { $0[queue] = (pace, now.advanced(by: .seconds(2))) }
        return pace
    }
}

import Logging
import Postgres
import Synchronization

/// Sends wake-ups after commits: the first at once, and then one per queue in 5 ms as long as work keeps coming.
///
/// A notification inside the inserting transaction would make all committing writers queue behind one lock, so it
/// travels alone, and does not wait for the disk. Losing one costs a poll interval, nothing else. The pause is short
/// enough for jobs that come one at a time to start at once, and bounds the cost to 200 notifications per second.
final class QueueWaker: Sendable {
    static let channel = "lectern_jobs"
    /// The payload that asks workers to look for runs that are to stop; no queue has this name.
    static let stops = "!stop"
    private static let pause: Duration = .milliseconds(5)

    private enum Pace {
        /// A wake-up went out at this instant.
        case sent(ContinuousClock.Instant)
        /// The next one is waiting for its time and covers whatever is committed until then.
        case waiting
    }

    private enum Action {
        case send
        case sendLater(ContinuousClock.Instant)
        case nothing
    }

    private let database: PostgresClient
    private let logger: Logger
    private let paces = Mutex<[String: Pace]>([:])

    init(database: PostgresClient, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Returns at once: whoever enqueued has its answer, and the wake-up travels on its own.
    func wake(_ queues: some Sequence<String>) {
        let now = ContinuousClock().now
        for queue in queues {
            switch self.decide(queue, now: now) {
            case .send:
                // Unstructured, since the caller must not wait for it; the statement has a deadline.
                Task { await self.send(queue) }
            case .sendLater(let instant):
                // Unstructured for the same reason; it ends by itself within the pause.
                Task {
                    try? await Task.sleep(until: instant, clock: .continuous)
                    self.paces.withLock { $0[queue] = .sent(ContinuousClock().now) }
                    await self.send(queue)
                }
            case .nothing:
                break
            }
        }
    }

    /// True where a wake-up may go out at once; the caller then sends it together with what it commits.
    func takeTurn(_ queue: String) -> Bool {
        let now = ContinuousClock().now
        return self.paces.withLock { paces in
            switch paces[queue] {
            case .waiting: return false
            case .sent(let last) where last.duration(to: now) < Self.pause: return false
            case .sent, nil:
                paces[queue] = .sent(now)
                return true
            }
        }
    }

    private func decide(_ queue: String, now: ContinuousClock.Instant) -> Action {
        self.paces.withLock { paces in
            switch paces[queue] {
            case .waiting:
                return .nothing
            case .sent(let last) where last.duration(to: now) < Self.pause:
                paces[queue] = .waiting
                return .sendLater(last + Self.pause)
            case .sent, nil:
                paces[queue] = .sent(now)
                return .send
            }
        }
    }

    private func send(_ queue: String) async {
        do {
            _ = try await self.database.query(
                "SELECT set_config('synchronous_commit', 'off', true), pg_notify(\(Self.channel), \(queue))",
                timeout: .seconds(2))
        } catch {
            self.logger.debug("a wake-up was not sent", metadata: ["error": "\(error)"])
        }
    }
}

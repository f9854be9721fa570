import Logging
import Postgres
import Synchronization

/// Sends wake-ups after commits: the first at once, and then one per queue in 5 ms as long as work keeps coming.
///
/// A notification inside the inserting transaction would make all committing writers queue behind one lock, so it
/// travels alone, and does not wait for the disk. Losing one costs a poll interval, nothing else. The pause is short
/// enough for jobs that come one at a time to start at once, and bounds the cost to 200 notifications per second.
final class QueueWaker: Sendable {
    /// Named so in the functions of migration 0006 as well, which tell of what a job's end lets run.
    static let channel = "lectern_jobs"
    /// The payload that asks workers to look for runs that are to stop; no queue has this name.
    static let stops = "!stop"
    private static let pause: Duration = .milliseconds(5)
    /// A wake-up that costs no statement of its own need not wait as long.
    private static let ridingPause: Duration = .milliseconds(4)

    private struct Pace {
        /// When the last wake-up went out, or was promised by somebody who commits.
        var last: ContinuousClock.Instant
        /// Something was committed that no wake-up has told of.
        var isOwed = false
        /// A task waits for the end of the pause.
        var hasTimer = false
    }

    private enum Action {
        case send
        case sendLater
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
        for queue in queues {
            switch self.decide(queue, now: ContinuousClock().now) {
            case .send:
                // Unstructured, since the caller must not wait for it; the statement has a deadline.
                Task { await self.send(queue) }
            case .sendLater:
                // Unstructured for the same reason; it ends by itself soon after the last commit.
                Task { await self.sendLater(queue) }
            case .nothing:
                break
            }
        }
    }

    /// True where a wake-up may go out at once; the caller then sends it together with what it commits, and calls
    /// ``wake(_:)`` where that fails. It tells of everything committed before.
    func takeTurn(_ queue: String) -> Bool {
        let now = ContinuousClock().now
        return self.paces.withLock { paces in
            guard let pace = paces[queue] else {
                paces[queue] = Pace(last: now)
                return true
            }
            guard pace.last.duration(to: now) >= Self.ridingPause else { return false }
            paces[queue]?.last = now
            paces[queue]?.isOwed = false
            return true
        }
    }

    private func decide(_ queue: String, now: ContinuousClock.Instant) -> Action {
        self.paces.withLock { paces in
            guard var pace = paces[queue] else {
                paces[queue] = Pace(last: now)
                return .send
            }
            defer { paces[queue] = pace }
            if pace.last.duration(to: now) >= Self.pause {
                pace.last = now
                pace.isOwed = false
                return .send
            }
            pace.isOwed = true
            if pace.hasTimer { return .nothing }
            pace.hasTimer = true
            return .sendLater
        }
    }

    /// Sends what is owed once the pause is over, unless somebody's commit carries it before.
    private func sendLater(_ queue: String) async {
        while let due = self.paces.withLock({ $0[queue]?.last })?.advanced(by: Self.pause) {
            // Not cancellable: nobody else owes this wake-up.
            try? await Task.sleep(until: due, clock: .continuous)
            let now = ContinuousClock().now
            let mustSend: Bool? = self.paces.withLock { paces in
                guard let pace = paces[queue], pace.isOwed else {
                    paces[queue]?.hasTimer = false
                    return false
                }
                guard pace.last.duration(to: now) >= Self.pause else { return nil }
                paces[queue] = Pace(last: now)
                return true
            }
            if mustSend == true { await self.send(queue) }
            if mustSend != nil { return }
        }
    }

    private func send(_ queue: String) async {
        do {
            let statement: SQL =
                "SELECT set_config('synchronous_commit', 'off', true), pg_notify(\(Self.channel), \(queue))"
            _ = try await self.database.query(statement.repeated, timeout: .seconds(2))
        } catch {
            self.logger.debug("a wake-up was not sent", metadata: ["error": "\(error)"])
        }
    }
}

import Logging
import Synchronization

/// Passes on how far runs have come, each at most twice a second.
final class ProgressWriter<Store: JobStore>: Sendable {
    private static var pause: Duration { .milliseconds(500) }

    private let store: Store
    private let logger: Logger
    private let lastWrites = Mutex<[JobLease: ContinuousClock.Instant]>([:])

    init(store: Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    func write(_ progress: JobProgress, of lease: JobLease) async {
        let now = ContinuousClock().now
        let isDue = self.lastWrites.withLock { writes in
            if let last = writes[lease], last.duration(to: now) < Self.pause { return false }
            writes[lease] = now
            return true
        }
        guard isDue else { return }
        do {
            _ = try await self.store.report(progress, of: lease)
        } catch {
            // Progress is shown, not relied on: the next report says more.
            self.logger.debug("progress was not written", metadata: ["job_id": "\(lease.jobID)", "error": "\(error)"])
        }
    }

    func forget(_ lease: JobLease) {
        _ = self.lastWrites.withLock { $0.removeValue(forKey: lease) }
    }
}

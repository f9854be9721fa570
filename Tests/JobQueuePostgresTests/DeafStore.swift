import JobQueue
import JobQueuePostgres
import Synchronization

/// The store behind a line that swallows the answers to some claims: what they leased stays leased.
final class DeafStore: JobStore {
    struct LineBroke: Error {}

    private let store: PostgresJobStore
    private let losses: Mutex<Int>

    /// - Parameter losses: so many claims that leased something are not heard of.
    init(_ store: PostgresJobStore, losses: Int) {
        self.store = store
        self.losses = Mutex(losses)
    }

    /// How many answers are still to be lost.
    var remaining: Int { self.losses.withLock { $0 } }

    func claim(_ request: ClaimRequest) async throws -> [ClaimedJob] {
        let jobs = try await self.store.claim(request)
        let isLost = self.losses.withLock { losses in
            guard losses > 0, !jobs.isEmpty else { return false }
            losses -= 1
            return true
        }
        if isLost { throw LineBroke() }
        return jobs
    }

    func isTransient(_ error: any Error) -> Bool { error is LineBroke || self.store.isTransient(error) }

    var wakeUps: AsyncStream<WakeUp> { self.store.wakeUps }

    func register(_ worker: WorkerDescription) async throws -> WorkerID { try await self.store.register(worker) }

    func unregister(_ worker: WorkerID) async throws { try await self.store.unregister(worker) }

    func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool) async throws -> HeartbeatReply {
        try await self.store.heartbeat(worker, running: running, isDraining: isDraining)
    }

    func stopWishes(for worker: WorkerID) async throws -> [JobID] { try await self.store.stopWishes(for: worker) }

    func putBack(_ claims: UnheardClaims) async throws -> Int { try await self.store.putBack(claims) }

    func report(_ progress: JobProgress, of lease: JobLease) async throws -> Bool {
        try await self.store.report(progress, of: lease)
    }

    func end(_ endings: [JobEnding]) async throws -> EndReport { try await self.store.end(endings) }

    func end(
        _ ending: JobEnding, commit: @escaping @Sendable (JobTransaction) async throws -> Void
    ) async throws -> Bool {
        try await self.store.end(ending, commit: commit)
    }

    func promoteDue(limit: Int) async throws -> (promoted: Int, nextDue: Duration?) {
        try await self.store.promoteDue(limit: limit)
    }

    func rescue(silence: Duration, isThorough: Bool) async throws -> RescueReport {
        try await self.store.rescue(silence: silence, isThorough: isThorough)
    }
}

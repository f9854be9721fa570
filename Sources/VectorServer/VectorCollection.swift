import Logging
import MCPServing
import Synchronization

/// One collection: readers search the state that was published last, writers queue for the log.
///
/// Whoever writes first becomes the one that drains the queue, on a thread of the pool; whatever arrives meanwhile is made
/// durable together by the next round. A change is published only after it is durable, by exchanging one value.
final class VectorCollection: Sendable {
    enum Write: Sendable {
        case upsert([PreparedRecord], bytes: Int)
        case delete([RecordID])
        case deleteMatching(MetadataFilter)
    }

    private struct Pending: Sendable {
        let write: Write
        let continuation: CheckedContinuation<Int, any Error>
    }

    private struct Queue {
        var pending: [Pending] = []
        var isDraining = false
        var isDropped = false
    }

    /// Bytes of upserts that one round takes at most, above the first.
    private static let bytesPerRound = 32 << 20

    let name: CollectionName
    let dimension: Int
    private let published: Mutex<CollectionState>
    private let queue = Mutex(Queue())
    private let log: Mutex<CollectionLog>
    /// Kept for its lock: a compaction may go on after the store was let go of, and nobody else may open the log then.
    private let directory: SharedDataDirectory
    private let nextCompaction: Atomic<Int>
    private let budget: MemoryBudget
    private let pool: BlockingPool
    private let randomNumber: @Sendable () -> UInt64
    private let logger: Logger

    init(
        name: CollectionName, opened: consuming CollectionLog.Opened, directory: SharedDataDirectory,
        compactionThreshold: Int, budget: MemoryBudget,
        pool: BlockingPool, randomNumber: @escaping @Sendable () -> UInt64, logger: Logger
    ) {
        self.name = name
        self.dimension = opened.state.dimension
        self.published = Mutex(opened.state)
        budget.change(by: opened.state.memoryBytes)
        self.log = Mutex(opened.log)
        self.directory = directory
        self.nextCompaction = Atomic(compactionThreshold)
        self.budget = budget
        self.pool = pool
        self.randomNumber = randomNumber
        self.logger = logger
    }

    /// The records as they are now; later changes do not touch it.
    func snapshot() -> CollectionState {
        self.published.withLock { $0 }
    }

    /// Bytes of the log on disk, and whether it can still be written.
    func logStatus() -> (bytes: Int, isBroken: Bool) {
        self.log.withLock { ($0.bytes, $0.isBroken) }
    }

    /// Queues a change and returns, when it is durable, how many records it touched. Throws ``VectorError``.
    func perform(_ write: Write) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            let starts: Bool? = self.queue.withLock { queue in
                guard !queue.isDropped else { return nil }
                queue.pending.append(Pending(write: write, continuation: continuation))
                guard !queue.isDraining else { return false }
                queue.isDraining = true
                return true
            }
            switch starts {
            case nil: continuation.resume(throwing: self.dropped)
            case true?: self.pool.submit { self.drain() }
            case false?: break
            }
        }
    }

    /// Refuses all further changes and waits for the one that is being written. Blocks.
    func drop() {
        let pending = self.queue.withLock { queue in
            queue.isDropped = true
            defer { queue.pending = [] }
            return queue.pending
        }
        for item in pending { item.continuation.resume(throwing: self.dropped) }
        self.log.withLock { _ in }
        self.published.withLock { state in
            self.budget.change(by: -state.memoryBytes)
            state = CollectionState(dimension: self.dimension)
        }
    }

    private var dropped: VectorError {
        VectorError(.collectionNotFound, "The collection '\(self.name)' was dropped.")
    }

    private func drain() {
        while true {
            let round = self.queue.withLock { queue in
                var round: [Pending] = []
                var bytes = 0
                for item in queue.pending {
                    if case .upsert(_, let size) = item.write { bytes += size }
                    if !round.isEmpty, bytes > Self.bytesPerRound { break }
                    round.append(item)
                }
                queue.pending.removeFirst(round.count)
                if round.isEmpty { queue.isDraining = false }
                return round
            }
            guard !round.isEmpty else { return }
            self.log.withLock { log in
                self.commit(round, to: &log)
                self.compactIfWorthwhile(&log)
            }
        }
    }

    private func commit(_ round: [Pending], to log: inout CollectionLog) {
        let before = self.snapshot()
        var state = before
        var changes: [CollectionChange] = []
        var results: [Result<Int, VectorError>] = []
        for item in round {
            switch item.write {
            case .upsert(let records, let bytes):
                guard self.budget.allows(state.memoryBytes - before.memoryBytes + bytes) else {
                    results.append(
                        .failure(
                            VectorError(
                                .capacityExceeded, "The vector server holds as much as its memory limit allows.")))
                    continue
                }
                state.upsert(records)
                changes.append(.upsert(records))
                results.append(.success(records.count))
            case .delete(let ids):
                results.append(.success(Self.delete(ids.filter { state.contains($0) }, from: &state, &changes)))
            case .deleteMatching(let filter):
                results.append(.success(Self.delete(state.ids(matching: filter), from: &state, &changes)))
            }
        }
        do {
            if !changes.isEmpty {
                try log.append(changes)
                self.publish(state)
            }
            for (item, result) in zip(round, results) { item.continuation.resume(with: result.mapError { $0 }) }
        } catch {
            let error = VectorError(error)
            self.logger.error(
                "Vector collection not written",
                metadata: ["collection": "\(self.name)", "error": "\(error)", "writes": "\(round.count)"])
            for item in round { item.continuation.resume(throwing: error) }
        }
    }

    private static func delete(
        _ ids: [RecordID], from state: inout CollectionState, _ changes: inout [CollectionChange]
    ) -> Int {
        guard !ids.isEmpty else { return 0 }
        changes.append(.delete(ids))
        return state.delete(ids)
    }

    private func publish(_ state: CollectionState) {
        let before = self.published.withLock { current in
            defer { current = state }
            return current.memoryBytes
        }
        self.budget.change(by: state.memoryBytes - before)
    }

    /// Rewrites log and memory when more of them is superseded than alive.
    private func compactIfWorthwhile(_ log: inout CollectionLog) {
        let state = self.snapshot()
        let threshold = self.nextCompaction.load(ordering: .relaxed)
        let superseded = max(log.entries - state.count, state.deadRows)
        guard superseded > max(threshold, state.count), !log.isBroken else { return }
        do {
            let compacted = state.compacted()
            try log.rewrite(compacted, salt: self.randomNumber())
            self.publish(compacted)
        } catch {
            // The old log still stands. Wait for twice as much before the next attempt.
            self.nextCompaction.store(2 * superseded, ordering: .relaxed)
            self.logger.warning(
                "Vector collection not compacted",
                metadata: ["collection": "\(self.name)", "error": "\(VectorError(error))"])
        }
    }
}

/// The memory that all collections of a store may take together, in bytes.
final class MemoryBudget: Sendable {
    let limit: Int
    private let taken = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes taken.
    var used: Int { self.taken.load(ordering: .relaxed) }

    func allows(_ bytes: Int) -> Bool { self.used + bytes <= self.limit }

    func change(by bytes: Int) {
        self.taken.wrappingAdd(bytes, ordering: .relaxed)
    }
}

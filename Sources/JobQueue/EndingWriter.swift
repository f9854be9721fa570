import Logging
import Synchronization

/// Tells the store how runs ended, many at once.
///
/// Whatever ended while one statement was under way goes into the next, so that the batch grows with the load and a
/// single job waits for nobody. While the store is away the endings stay here; ``isFull`` then stops the fetching.
final class EndingWriter<Store: JobStore>: Sendable {
    private struct Backlog {
        var endings: [JobEnding] = []
        /// Endings to be written one by one, since others are joining these jobs.
        var single: [JobEnding] = []
        var underWay = 0
        var isFinished = false

        var isEmpty: Bool { self.endings.isEmpty && self.single.isEmpty }

        /// A batch holds successes without consequences or it holds anything else: the store has a short way for the
        /// first.
        mutating func takeBatch(limit: Int) -> [JobEnding] {
            if let ending = self.single.popLast() {
                self.underWay = 1
                return [ending]
            }
            guard let isPlain = self.endings.first?.isPlainSuccess else { return [] }
            let batch = Array(self.endings.prefix(limit).prefix { $0.isPlainSuccess == isPlain })
            self.endings.removeFirst(batch.count)
            self.underWay = batch.count
            return batch
        }
    }

    private static var batchLimit: Int { 200 }
    private static var backlogLimit: Int { 2_000 }

    private let store: Store
    private let observer: any WorkerObserver
    private let logger: Logger
    private let retryCap: Duration
    private let backlog = Mutex(Backlog())
    private let changed = Signal()

    init(store: Store, retryCap: Duration, observer: any WorkerObserver, logger: Logger) {
        self.store = store
        self.retryCap = retryCap
        self.observer = observer
        self.logger = logger
    }

    /// True while so much is unwritten that no more work should be taken on.
    var isFull: Bool { self.backlog.withLock { $0.endings.count + $0.underWay >= Self.backlogLimit } }

    func add(_ ending: JobEnding) {
        self.backlog.withLock { $0.endings.append(ending) }
        self.changed.raise()
    }

    func add(_ endings: [JobEnding]) {
        guard !endings.isEmpty else { return }
        self.backlog.withLock { $0.endings.append(contentsOf: endings) }
        self.changed.raise()
    }

    /// Nothing more will be added: ``run()`` returns when everything is written.
    func finish() {
        self.backlog.withLock { $0.isFinished = true }
        self.changed.raise()
    }

    func run() async {
        while !Task.isCancelled {
            let batch = self.backlog.withLock { $0.takeBatch(limit: Self.batchLimit) }
            if batch.isEmpty {
                if self.backlog.withLock({ $0.isFinished && $0.isEmpty }) { return }
                await self.changed.wait()
                continue
            }
            await self.write(batch)
            self.backlog.withLock { $0.underWay = 0 }
        }
    }

    /// Writes one batch, however long the store is away.
    private func write(_ batch: [JobEnding]) async {
        let backoff = RetryPolicy(base: .milliseconds(50), cap: self.retryCap, maxAttempts: .max)
        var generator = SystemRandomNumberGenerator()
        var attempt = 0
        while !Task.isCancelled {
            do {
                self.tell(batch, try await self.store.end(batch))
                return
            } catch {
                attempt += 1
                guard self.store.isTransient(error) else {
                    // The leases stay and run out: the jobs come back by their deadlines.
                    self.logger.error(
                        "the end of a batch of runs cannot be written",
                        metadata: ["jobs": "\(batch.count)", "error": "\(error)"])
                    return
                }
                self.logger.warning(
                    "the store is away, the ends of runs wait",
                    metadata: ["jobs": "\(batch.count)", "attempt": "\(attempt)", "error": "\(error)"])
                let delay = backoff.delay(afterAttempt: attempt, using: &generator) ?? self.retryCap
                // Ends early only by cancellation, and the loop's condition sees that.
                try? await Task.sleep(for: delay)
            }
        }
    }

    private func tell(_ batch: [JobEnding], _ report: EndReport) {
        for ending in batch {
            let id = ending.job.lease.jobID
            if report.accepted.contains(id) {
                self.observer.ended(ending)
            } else if report.busy.contains(id) {
                self.backlog.withLock { $0.single.append(ending) }
            } else {
                self.observer.endingRefused(ending)
                self.logger.warning(
                    "the end of a run was refused: its lease is gone",
                    metadata: [
                        "job_id": "\(id)", "kind": "\(ending.job.kind)", "attempt": "\(ending.job.attempt)",
                    ])
            }
        }
    }
}

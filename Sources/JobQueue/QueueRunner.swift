import Logging
import Synchronization

/// Works on one queue: claims in batches, performs in a fixed number of slots.
struct QueueRunner<Store: JobStore>: Sendable {
    /// What the fetcher and the slots share.
    final class Desk: Sendable {
        struct State {
            var buffer: [ClaimedJob] = []
            var busySlots = 0
            var isDraining = false
        }

        let state = Mutex(State())
        /// A slot or room in the buffer became free, work may have arrived, or the drain began.
        let changed = Signal()

        func drain() {
            self.state.withLock { $0.isDraining = true }
            self.changed.raise()
        }

        /// The next job for a slot; `nil` gives the slot back.
        func next(refillBelow level: Int) -> ClaimedJob? {
            let (job, wantsMore) = self.state.withLock { state -> (ClaimedJob?, Bool) in
                guard !state.isDraining, !state.buffer.isEmpty else {
                    state.busySlots -= 1
                    return (nil, true)
                }
                return (state.buffer.removeFirst(), state.buffer.count <= level)
            }
            if wantsMore { self.changed.raise() }
            return job
        }
    }

    let queue: String
    let slots: Int
    let prefetch: Int
    let desk: Desk
    let store: Store
    let performer: JobPerformer<Store>
    let endings: EndingWriter<Store>
    let identity: WorkerIdentity
    let pollInterval: Duration
    let observer: any WorkerObserver
    let logger: Logger

    /// Fetches and performs until the drain; returns when the last run is over.
    func run() async {
        await withDiscardingTaskGroup { group in
            var generator = SystemRandomNumberGenerator()
            var failures = 0
            while !Task.isCancelled {
                let (room, isDraining) = self.desk.state.withLock { state in
                    (self.slots + self.prefetch - state.busySlots - state.buffer.count, state.isDraining)
                }
                if isDraining { break }
                guard room > 0, !self.endings.isFull, let worker = self.identity.current else {
                    await self.desk.changed.wait(atMost: self.pollInterval, clock: ContinuousClock())
                    continue
                }
                do {
                    let jobs = try await self.store.claim(queue: self.queue, limit: room, worker: worker)
                    failures = 0
                    self.observer.claimed(queue: self.queue, count: jobs.count, limit: room)
                    let starts = self.take(jobs)
                    for _ in 0..<starts {
                        group.addTask { await self.serve() }
                    }
                    if jobs.count < room {
                        await self.desk.changed.wait(
                            atMost: self.pollInterval * Double.random(in: 0.8...1.2, using: &generator),
                            clock: ContinuousClock())
                    }
                } catch {
                    failures += 1
                    self.logger.warning(
                        "claiming failed", metadata: ["queue": "\(self.queue)", "error": "\(error)"])
                    let policy = RetryPolicy(base: .milliseconds(100), cap: .seconds(3), maxAttempts: .max)
                    let delay = policy.delay(afterAttempt: failures, using: &generator) ?? policy.cap
                    await self.desk.changed.wait(atMost: delay + .milliseconds(50), clock: ContinuousClock())
                }
            }
            self.releaseBuffer()
        }
        self.releaseBuffer()
    }

    /// Puts claimed jobs into the buffer and says how many slots to start for them.
    private func take(_ jobs: [ClaimedJob]) -> Int {
        self.desk.state.withLock { state in
            state.buffer.append(contentsOf: jobs)
            let starts = min(self.slots - state.busySlots, state.buffer.count)
            state.busySlots += max(0, starts)
            return max(0, starts)
        }
    }

    /// One slot: performs jobs as long as there are any.
    private func serve() async {
        while let job = self.desk.next(refillBelow: self.prefetch / 2) {
            await self.performer.perform(job)
        }
    }

    /// Hands back at once what was claimed and never started.
    private func releaseBuffer() {
        let unstarted = self.desk.state.withLock { state in
            defer { state.buffer.removeAll() }
            return state.buffer
        }
        self.endings.add(unstarted.map { JobEnding(job: $0, action: .release) })
    }
}

/// The row that stands for this process in the store; none while it is being registered again.
final class WorkerIdentity: Sendable {
    private let id = Mutex<WorkerID?>(nil)

    var current: WorkerID? { self.id.withLock { $0 } }

    func set(_ id: WorkerID?) { self.id.withLock { $0 = id } }
}

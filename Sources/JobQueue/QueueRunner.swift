import Logging
import Synchronization

/// Works on one queue: claims in batches, performs in a fixed number of slots.
struct QueueRunner<Store: JobStore>: Sendable {
    /// What the fetcher and the slots share.
    final class Desk: Sendable {
        struct State {
            var buffer = ArraySlice<ClaimedJob>()
            var busySlots = 0
            /// Runs at the same time.
            var slots: Int
            /// Jobs claimed ahead of a free slot.
            var prefetch: Int
            /// Takes nothing more, for now.
            var isQuiet = false
            var isDraining = false

            var room: Int { self.slots + self.prefetch - self.busySlots - self.buffer.count }
        }

        let state: Mutex<State>
        /// A slot or room in the buffer became free, work may have arrived, or the drain began.
        let changed = Signal()

        init(slots: Int, prefetch: Int) {
            self.state = Mutex(State(slots: max(1, slots), prefetch: max(0, prefetch)))
        }

        func drain() {
            self.state.withLock { $0.isDraining = true }
            self.changed.raise()
        }

        func adjust(slots: Int, prefetch: Int, isQuiet: Bool) {
            let isChanged = self.state.withLock { state in
                let before = (state.slots, state.prefetch, state.isQuiet)
                state.slots = max(1, slots)
                state.prefetch = max(0, prefetch)
                state.isQuiet = isQuiet
                return before != (state.slots, state.prefetch, state.isQuiet)
            }
            if isChanged { self.changed.raise() }
        }

        /// Takes jobs out that were claimed and have not started.
        func withdraw(_ ids: Set<JobID>) -> [ClaimedJob] {
            let withdrawn = self.state.withLock { state -> [ClaimedJob] in
                let withdrawn = state.buffer.filter { ids.contains($0.lease.jobID) }
                if !withdrawn.isEmpty { state.buffer.removeAll { ids.contains($0.lease.jobID) } }
                return withdrawn
            }
            if !withdrawn.isEmpty { self.changed.raise() }
            return withdrawn
        }

        /// The next job for a slot; `nil` gives the slot back.
        func next(isOver: Bool) -> ClaimedJob? {
            let (job, wantsMore) = self.state.withLock { state -> (ClaimedJob?, Bool) in
                // A queue that was given fewer slots loses one here.
                guard !isOver, !state.isDraining, state.busySlots <= state.slots, let job = state.buffer.popFirst()
                else {
                    state.busySlots -= 1
                    return (nil, true)
                }
                return (job, state.buffer.count <= state.prefetch / 2)
            }
            if wantsMore { self.changed.raise() }
            return job
        }
    }

    let queue: String
    /// What the process was started with; the operators' numbers stand above it.
    let defaults: QueueShare
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
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.poll() }
            await self.fetch()
            group.cancelAll()
        }
        self.releaseBuffer()
    }

    /// Has the fetcher look for work from time to time, whether or not anything was heard of it.
    private func poll() async {
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            // Cut short by cancellation, which ends the loop.
            try? await Task.sleep(for: self.pollInterval * Double.random(in: 0.8...1.2, using: &generator))
            self.desk.changed.raise()
        }
    }

    private func fetch() async {
        await withDiscardingTaskGroup { group in
            let clock = ContinuousClock()
            var generator = SystemRandomNumberGenerator()
            var cursor = ClaimCursor(now: clock.now)
            var doubt = ClaimDoubt()
            var failures = 0
            while !Task.isCancelled {
                let (room, isQuiet, isDraining) = self.desk.state.withLock { state in
                    (state.room, state.isQuiet, state.isDraining)
                }
                if isDraining { break }
                if let worker = self.identity.current,
                    let question = doubt.question(queue: self.queue, worker: worker, now: clock.now),
                    await self.putBack(question)
                {
                    doubt.answered(now: clock.now)
                }
                guard room > 0, !isQuiet, !self.endings.isFull, let worker = self.identity.current else {
                    await self.desk.changed.wait()
                    continue
                }
                let plan = cursor.next(limit: room, now: clock.now)
                do {
                    let asked = clock.now
                    let jobs = try await self.store.claim(
                        ClaimRequest(
                            queue: self.queue, limit: room, worker: worker, hints: plan.hints, aged: plan.aged))
                    failures = 0
                    doubt.heard(jobs)
                    let now = clock.now
                    let followsAtOnce = cursor.claimed(
                        jobs, plan: plan, limit: room, took: asked.duration(to: now), now: now)
                    self.observer.claimed(queue: self.queue, count: jobs.count, limit: room)
                    let starts = self.take(jobs)
                    for _ in 0..<starts {
                        // Handlers may take their time, so they never run where the store's answers arrive.
                        group.addTask(executorPreference: globalConcurrentExecutor) { await self.runSlot() }
                    }
                    if jobs.count < room, !followsAtOnce { await self.desk.changed.wait() }
                } catch {
                    failures += 1
                    doubt.lost(worker: worker, now: clock.now)
                    self.logger.warning(
                        "claiming failed", metadata: ["queue": "\(self.queue)", "error": "\(error)"])
                    let policy = RetryPolicy(base: .milliseconds(100), cap: .seconds(3), maxAttempts: .max)
                    let delay = policy.delay(afterAttempt: failures, using: &generator) ?? policy.cap
                    await self.desk.changed.wait(atMost: delay + .milliseconds(50), clock: clock)
                }
            }
            self.releaseBuffer()
        }
    }

    /// Puts back what a lost answer named; false when the store did not hear of it.
    private func putBack(_ claims: UnheardClaims) async -> Bool {
        do {
            let count = try await self.store.putBack(claims)
            if count > 0 {
                self.logger.warning(
                    "jobs were put back whose claim was answered and never heard",
                    metadata: ["queue": "\(self.queue)", "jobs": "\(count)"])
            }
            return true
        } catch {
            self.logger.debug("asking for unheard claims failed", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Puts claimed jobs into the buffer and says how many slots to start for them.
    private func take(_ jobs: [ClaimedJob]) -> Int {
        self.desk.state.withLock { state in
            state.buffer.append(contentsOf: jobs)
            let starts = max(0, min(state.slots - state.busySlots, state.buffer.count))
            state.busySlots += starts
            return starts
        }
    }

    /// One slot: performs jobs as long as there are any. A run is stopped by cancelling its slot, which then ends.
    private func runSlot() async {
        let slot = Slot()
        let task = Task {
            while let job = self.desk.next(isOver: slot.isCancelled) {
                await self.performer.perform(job) { slot.cancel() }
            }
        }
        slot.attach(task)
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            slot.cancel()
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

/// The task of one slot, to be cancelled from outside.
private final class Slot: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    var isCancelled: Bool { self.state.withLock { $0.isCancelled } }

    func attach(_ task: Task<Void, Never>) {
        let isCancelled = self.state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func cancel() {
        let task = self.state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}

import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Something that the reactor watches.
protocol ReactorSource: AnyObject, Sendable {
    /// The socket is ready.
    func ready(readable: Bool, writable: Bool)
    /// Time has passed; returns when to be called again.
    func expire(now: ContinuousClock.Instant) -> ContinuousClock.Instant?
}

/// One thread that waits for the sockets of all connections and for their deadlines.
///
/// Sockets stay registered for reading as long as their connection lives, so a statement costs no system call here, and
/// a connection that breaks while idle is noticed at once. Deadlines are pulled, not pushed: the thread keeps a lower
/// bound of the next one and asks the sources only when that has come.
final class Reactor: Sendable {
    /// The reactor of this process: one is enough, because it only reads answers and never waits for anything else.
    static let shared = Reactor()

    private struct Entry {
        var descriptor: Int32
        var wantsWrite: Bool
        weak var source: (any ReactorSource)?
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        var nextID = 0
        var isChanged = true
        var isRunning = false
        /// Steps of tasks that prefer this thread.
        var jobs: [UnownedJob] = []
    }

    private let state = Mutex(State())
    /// Nanoseconds since `start` until which no deadline comes.
    private let nextWake = Atomic<Int64>(.max)
    private let start = ContinuousClock.now
    private let wakeRead: Int32
    private let wakeWrite: Int32
    /// True while the thread does something other than waiting; before it waits, it looks at everything again.
    private let isAwake = Atomic(false)

    private init() {
        var ends: [Int32] = [-1, -1]
        let code = pipe(&ends)
        precondition(code == 0, "a process without two free descriptors cannot talk to a database")
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        self.wakeRead = ends[0]
        self.wakeWrite = ends[1]
    }

    /// Watches a socket, or only the deadlines of a source without one.
    func add(_ source: any ReactorSource, descriptor: Int32 = -1) -> Int {
        let (id, mustStart) = self.state.withLock { state in
            state.nextID += 1
            state.entries[state.nextID] = Entry(descriptor: descriptor, wantsWrite: false, source: source)
            state.isChanged = true
            defer { state.isRunning = true }
            return (state.nextID, !state.isRunning)
        }
        if mustStart { self.begin() } else { self.wake() }
        return id
    }

    private func begin() {
        let isStarted = BlockingThread.start { self.loop() }
        precondition(isStarted, "a process without a free thread cannot talk to a database")
    }

    func remove(_ id: Int) {
        self.state.withLock { state in
            state.entries[id] = nil
            state.isChanged = true
        }
        self.wake()
    }

    func watchWrites(_ id: Int, _ isWanted: Bool) {
        let isChanged = self.state.withLock { state in
            guard state.entries[id] != nil, state.entries[id]?.wantsWrite != isWanted else { return false }
            state.entries[id]?.wantsWrite = isWanted
            state.isChanged = true
            return true
        }
        if isChanged { self.wake() }
    }

    /// A source has a new deadline.
    func note(deadline: ContinuousClock.Instant) {
        if self.lower(to: deadline) { self.wake() }
    }

    /// True where the deadline comes before everything known so far.
    private func lower(to deadline: ContinuousClock.Instant) -> Bool {
        let nanoseconds = self.nanoseconds(deadline)
        guard nanoseconds < self.nextWake.load(ordering: .sequentiallyConsistent) else { return false }
        return self.nextWake.min(nanoseconds, ordering: .sequentiallyConsistent).oldValue > nanoseconds
    }

    private func nanoseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (instant - self.start).components
        let limit: Int64 = 1 << 32
        return min(max(seconds, 0), limit) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private func wake() {
        if self.isAwake.load(ordering: .sequentiallyConsistent) { return }
        var byte: UInt8 = 1
        // A full pipe means that the thread is woken anyway.
        _ = write(self.wakeWrite, &byte, 1)
    }

    private func loop() {
        var descriptors: [pollfd] = []
        var identifiers: [Int] = []
        while true {
            // What is said before this is seen below; what is said after it writes to the pipe.
            self.isAwake.store(false, ordering: .sequentiallyConsistent)
            let hasJobs = self.state.withLock { state in
                guard state.isChanged else { return !state.jobs.isEmpty }
                state.isChanged = false
                descriptors = [pollfd(fd: self.wakeRead, events: Int16(POLLIN), revents: 0)]
                identifiers = [0]
                for (id, entry) in state.entries where entry.descriptor >= 0 {
                    let events = Int16(POLLIN) | (entry.wantsWrite ? Int16(POLLOUT) : 0)
                    descriptors.append(pollfd(fd: entry.descriptor, events: events, revents: 0))
                    identifiers.append(id)
                }
                return !state.jobs.isEmpty
            }
            let count = poll(&descriptors, nfds_t(descriptors.count), hasJobs ? 0 : self.timeout())
            self.isAwake.store(true, ordering: .sequentiallyConsistent)
            if count > 0 { self.dispatch(descriptors, identifiers) }
            self.runJobs()
            self.expireIfDue()
        }
    }

    /// One round of what waits; what these steps add comes after the next look at the sockets.
    private func runJobs() {
        let jobs = self.state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Milliseconds until the next deadline, rounded up.
    private func timeout() -> Int32 {
        let next = self.nextWake.load(ordering: .sequentiallyConsistent)
        guard next != .max else { return -1 }
        let left = next - self.nanoseconds(.now)
        return left <= 0 ? 0 : Int32(clamping: left / 1_000_000 + 1)
    }

    private func dispatch(_ descriptors: [pollfd], _ identifiers: [Int]) {
        if descriptors[0].revents != 0 {
            withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
                while read(self.wakeRead, buffer.baseAddress, 64) == 64 {}
            }
        }
        for index in 1..<max(1, descriptors.count) where descriptors[index].revents != 0 {
            let id = identifiers[index]
            // A descriptor may have been closed and given to another connection meanwhile; the identifier has not.
            guard let source = self.state.withLock({ $0.entries[id]?.source }) else { continue }
            let events = Int32(descriptors[index].revents)
            source.ready(readable: events & ~Int32(POLLOUT) != 0, writable: events & Int32(POLLOUT) != 0)
        }
    }

    private func expireIfDue() {
        let now = ContinuousClock.now
        guard self.nanoseconds(now) >= self.nextWake.load(ordering: .sequentiallyConsistent) else { return }
        // From here on every new deadline lowers the bound again, so none slips through while the sources are asked.
        self.nextWake.store(.max, ordering: .sequentiallyConsistent)
        let sources = self.state.withLock { state in state.entries.values.compactMap(\.source) }
        for source in sources {
            if let next = source.expire(now: now) { _ = self.lower(to: next) }
        }
    }
}

/// Tasks that do little but send statements and read the answers save a thread's waking up at every step when they run
/// here. What they do between two statements must be short: everybody's answers wait meanwhile.
extension Reactor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustStart = self.state.withLock { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart {
            self.begin()
        } else {
            self.wake()
        }
    }
}

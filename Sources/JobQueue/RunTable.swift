import Synchronization

/// Why a run was told to stop.
enum StopReason: Hashable, Sendable {
    /// Somebody cancelled the job.
    case requested
    /// Its time was over.
    case timedOut
    /// This worker is leaving.
    case draining
    /// The store gave the job to another worker.
    case leaseLost
}

/// The runs of one worker process: what is running, until when, and how to stop it.
final class RunTable: Sendable {
    private struct Entry {
        var job: ClaimedJob
        var startedAt: ContinuousClock.Instant
        var deadline: ContinuousClock.Instant
        var stop: @Sendable () -> Void
        var reason: StopReason?
        /// The store was told already, since the handler did not answer its cancellation.
        var isAbandoned = false
    }

    private let entries = Mutex<[JobLease: Entry]>([:])

    var count: Int { self.entries.withLock { $0.count } }

    func add(
        _ job: ClaimedJob, startedAt: ContinuousClock.Instant, deadline: ContinuousClock.Instant,
        stop: @escaping @Sendable () -> Void
    ) {
        self.entries.withLock {
            $0[job.lease] = Entry(job: job, startedAt: startedAt, deadline: deadline, stop: stop)
        }
    }

    /// Takes the run out. Says why it was told to stop, if it was, and whether its end is written already.
    func remove(_ lease: JobLease) -> (reason: StopReason?, isAbandoned: Bool) {
        self.entries.withLock { entries in
            let entry = entries.removeValue(forKey: lease)
            return (entry?.reason, entry?.isAbandoned ?? false)
        }
    }

    func stop(jobs: some Sequence<JobID>) {
        let wanted = Set(jobs)
        self.stop(reason: .requested) { wanted.contains($0.job.lease.jobID) }
    }

    func stopAll(reason: StopReason) {
        self.stop(reason: reason) { _ in true }
    }

    /// Stops what is past its deadline. Returns the runs that were stopped more than `grace` ago and still go on,
    /// each once: the caller ends them in the store without waiting for the handler.
    func sweep(now: ContinuousClock.Instant, grace: Duration) -> [(job: ClaimedJob, ran: Duration)] {
        self.stop(reason: .timedOut) { $0.deadline <= now }
        return self.entries.withLock { entries in
            var abandoned: [(job: ClaimedJob, ran: Duration)] = []
            for (lease, entry) in entries
            where entry.reason == .timedOut && !entry.isAbandoned && entry.deadline + grace <= now {
                entries[lease]?.isAbandoned = true
                abandoned.append((entry.job, entry.startedAt.duration(to: now)))
            }
            return abandoned
        }
    }

    private func stop(reason: StopReason, where matches: (Entry) -> Bool) {
        let stops: [@Sendable () -> Void] = self.entries.withLock { entries in
            var stops: [@Sendable () -> Void] = []
            for (lease, entry) in entries where entry.reason == nil && matches(entry) {
                entries[lease]?.reason = reason
                stops.append(entry.stop)
            }
            return stops
        }
        // Cancellation handlers run on this thread and may want the lock.
        for stop in stops { stop() }
    }
}

public import JobQueue
public import Metrics
import Synchronization

/// Turns what a worker tells into metrics.
///
/// A handle is made once for each set of labels: queues, kinds and outcomes are few, their events are many.
public final class WorkerMetrics: WorkerObserver {
    private struct Labels: Hashable {
        var queue: String
        var kind = ""
        var outcome = ""
    }

    private struct Handles {
        var waits: [String: Timer] = [:]
        var finished: [Labels: Counter] = [:]
        var runs: [Labels: Timer] = [:]
        var fenced: [String: Counter] = [:]
    }

    private let factory: any MetricsFactory
    private let hits: Counter
    private let misses: Counter
    private let expiredLeases: Counter
    private let handles = Mutex(Handles())

    public init(factory: any MetricsFactory) {
        self.factory = factory
        self.hits = Counter(label: "lectern_poll_claims", dimensions: [("result", "hit")], factory: factory)
        self.misses = Counter(label: "lectern_poll_claims", dimensions: [("result", "miss")], factory: factory)
        self.expiredLeases = Counter(label: "lectern_leases_expired", dimensions: [], factory: factory)
    }

    public func claimed(queue: String, count: Int, limit: Int) {
        (count > 0 ? self.hits : self.misses).increment()
    }

    public func started(_ job: ClaimedJob) {
        guard job.attempt == 1 else { return }
        let timer = self.handles.withLock { handles in
            if let known = handles.waits[job.queue] { return known }
            let timer = Timer(label: "lectern_job_wait", dimensions: [("queue", job.queue)], factory: self.factory)
            handles.waits[job.queue] = timer
            return timer
        }
        timer.recordNanoseconds(job.waited.nanoseconds)
    }

    public func ended(_ ending: JobEnding) {
        let outcome =
            switch ending.action {
            case .succeed: "completed"
            case .retry, .snooze, .release: "retried"
            case .discard: "discarded"
            case .cancel: "cancelled"
            }
        let labels = Labels(queue: ending.job.queue, kind: ending.job.kind, outcome: outcome)
        let (counter, timer) = self.handles.withLock { handles in
            if let counter = handles.finished[labels], let timer = handles.runs[labels] { return (counter, timer) }
            let dimensions = [("queue", labels.queue), ("kind", labels.kind), ("outcome", labels.outcome)]
            let counter = Counter(label: "lectern_jobs_finished", dimensions: dimensions, factory: self.factory)
            let timer = Timer(label: "lectern_job_run", dimensions: dimensions, factory: self.factory)
            handles.finished[labels] = counter
            handles.runs[labels] = timer
            return (counter, timer)
        }
        counter.increment()
        timer.recordNanoseconds(ending.ran.nanoseconds)
    }

    public func endingRefused(_ ending: JobEnding) {
        let counter = self.handles.withLock { handles in
            if let known = handles.fenced[ending.job.queue] { return known }
            let counter = Counter(
                label: "lectern_fenced_commits", dimensions: [("queue", ending.job.queue)], factory: self.factory)
            handles.fenced[ending.job.queue] = counter
            return counter
        }
        counter.increment()
    }

    public func rescued(_ report: RescueReport) {
        self.expiredLeases.increment(by: report.requeued + report.discarded)
    }
}

extension Duration {
    /// Whole nanoseconds, at most some 290 years of them.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return Int64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000).partialValue
            + attoseconds / 1_000_000_000
    }
}

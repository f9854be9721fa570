public import JobQueue
public import Metrics

/// Turns what a worker tells into metrics.
public struct WorkerMetrics: WorkerObserver {
    private let factory: any MetricsFactory

    public init(factory: any MetricsFactory) {
        self.factory = factory
    }

    public func claimed(queue: String, count: Int, limit: Int) {
        Counter(
            label: "lectern_poll_claims", dimensions: [("result", count > 0 ? "hit" : "miss")], factory: self.factory
        )
        .increment()
    }

    public func started(_ job: ClaimedJob) {
        guard job.attempt == 1 else { return }
        Timer(label: "lectern_job_wait", dimensions: [("queue", job.queue)], factory: self.factory)
            .recordNanoseconds(job.waited.nanoseconds)
    }

    public func ended(_ ending: JobEnding) {
        let outcome =
            switch ending.action {
            case .succeed: "completed"
            case .retry, .snooze, .release: "retried"
            case .discard: "discarded"
            case .cancel: "cancelled"
            }
        let labels = [("queue", ending.job.queue), ("kind", ending.job.kind), ("outcome", outcome)]
        Counter(label: "lectern_jobs_finished", dimensions: labels, factory: self.factory).increment()
        Timer(label: "lectern_job_run", dimensions: labels, factory: self.factory)
            .recordNanoseconds(ending.ran.nanoseconds)
    }

    public func endingRefused(_ ending: JobEnding) {
        Counter(label: "lectern_fenced_commits", dimensions: [("queue", ending.job.queue)], factory: self.factory)
            .increment()
    }

    public func rescued(_ report: RescueReport) {
        Counter(label: "lectern_leases_expired", dimensions: [], factory: self.factory)
            .increment(by: report.requeued + report.discarded)
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

import Logging
import TraceContext

/// Performs one claimed job and sees to it that its end is written.
struct JobPerformer<Store: JobStore>: Sendable {
    let store: Store
    let registry: JobRegistry<Store.Transaction>
    let runs: RunTable
    let endings: EndingWriter<Store>
    let progress: ProgressWriter<Store>
    let commitPatience: Duration
    let observer: any WorkerObserver
    let logger: Logger

    /// The run is a step of the trace that its job belongs to. What its handler asks of others carries that on.
    ///
    /// - Parameter stop: cancels the task this runs in, and with it the handler.
    func perform(_ job: ClaimedJob, stop: @escaping @Sendable () -> Void) async {
        guard let trace = job.trace, let request = SpanContext(stored: trace) else {
            return await self.run(job, stop: stop)
        }
        var generator = SystemRandomNumberGenerator()
        await SpanContext.$current.withValue(request.child(using: &generator)) { await self.run(job, stop: stop) }
    }

    private func run(_ job: ClaimedJob, stop: @escaping @Sendable () -> Void) async {
        let clock = ContinuousClock()
        let startedAt = clock.now
        let context = JobContext(
            jobID: job.lease.jobID, kind: job.kind, attempt: job.attempt, maxAttempts: job.maxAttempts,
            deadline: startedAt + job.timeout, trace: job.trace, logger: self.logger
        ) { [progress] in await progress.write($0, of: job.lease) }
        self.observer.started(job)
        self.runs.add(job, startedAt: startedAt, deadline: context.deadline, stop: stop)
        do {
            guard let runner = self.registry.runner(for: job.kind) else {
                throw JobError.retry("unknown_kind", "this worker knows no kind \(job.kind)")
            }
            let outcome = try await runner(job.arguments, context)
            let ending = JobEnding(
                job: job, action: .succeed(result: outcome.result), ran: startedAt.duration(to: clock.now),
                costMicros: outcome.costMicros)
            // The run stays in the table meanwhile, so that a drain waits for it and a deadline ends it.
            if let commit = outcome.commit { try await self.commit(ending, commit, logger: context.logger) }
            let isAbandoned = self.remove(job).isAbandoned
            if outcome.commit == nil, !isAbandoned { self.endings.add(ending) }
        } catch {
            let (reason, isAbandoned) = self.remove(job)
            guard !isAbandoned else { return }
            self.write(
                failure: error, of: job, reason: reason, ran: startedAt.duration(to: clock.now),
                logger: context.logger)
        }
    }

    private func remove(_ job: ClaimedJob) -> (reason: StopReason?, isAbandoned: Bool) {
        self.progress.forget(job.lease)
        return self.runs.remove(job.lease)
    }

    /// Writes the end together with the handler's own writes; returns when that is done or was refused.
    ///
    /// - Throws: what counts as a failure of the run.
    private func commit(
        _ ending: JobEnding, _ commit: @escaping @Sendable (Store.Transaction) async throws -> Void, logger: Logger
    ) async throws {
        // The work is done, so what stops the run from here on must not undo it half written.
        try await Task {
            let clock = ContinuousClock()
            let giveUpAt = clock.now + self.commitPatience
            let backoff = RetryPolicy(base: .milliseconds(50), cap: .seconds(3), maxAttempts: .max)
            var generator = SystemRandomNumberGenerator()
            var attempt = 0
            while true {
                do {
                    if try await self.store.end(ending, commit: commit) {
                        self.observer.ended(ending)
                    } else {
                        self.observer.endingRefused(ending)
                        logger.warning("the result of a run was refused: its lease is gone")
                    }
                    return
                } catch {
                    attempt += 1
                    guard self.store.isTransient(error), clock.now < giveUpAt else { throw error }
                    logger.warning(
                        "the store is away, a result waits", metadata: ["try": "\(attempt)", "error": "\(error)"])
                    try await Task.sleep(for: backoff.delay(afterAttempt: attempt, using: &generator) ?? backoff.cap)
                }
            }
        }.value
    }

    private func write(
        failure: any Error, of job: ClaimedJob, reason: StopReason?, ran: Duration, logger: Logger
    ) {
        guard let ending = Self.ending(failure: failure, of: job, reason: reason, ran: ran, registry: self.registry)
        else { return }
        switch ending.action {
        case .discard:
            logger.error(
                "a job failed for good",
                metadata: ["code": "\(ending.code ?? "")", "error": "\(ending.message ?? "")"])
        case .retry, .snooze:
            logger.warning(
                "a run failed, the job will run again",
                metadata: ["code": "\(ending.code ?? "")", "error": "\(ending.message ?? "")"])
        case .succeed, .release, .cancel:
            break
        }
        self.endings.add(ending)
    }

    /// What a failed run means for the job. `nil` when another worker has it.
    static func ending(
        failure: any Error, of job: ClaimedJob, reason: StopReason?, ran: Duration,
        registry: JobRegistry<Store.Transaction>
    ) -> JobEnding? {
        func ending(_ action: JobEnding.Action, _ code: String, _ message: String) -> JobEnding {
            JobEnding(job: job, action: action, code: code, message: String(message.prefix(2_000)), ran: ran)
        }
        func retry(_ code: String, _ message: String, after: Duration? = nil) -> JobEnding {
            var policy = registry.retryPolicy(for: job.kind)
            policy.maxAttempts = job.maxAttempts
            var generator = SystemRandomNumberGenerator()
            guard let delay = policy.delay(afterAttempt: job.attempt, using: &generator) else {
                return ending(.discard, code, message)
            }
            return ending(.retry(after: after ?? delay), code, message)
        }
        switch reason {
        case .leaseLost:
            return nil
        case .requested:
            return ending(.cancel, "cancelled", "cancelled on request")
        case .draining:
            return ending(.release, "drained", "handed back by a leaving worker")
        case .timedOut:
            return retry("timed_out", "the run took longer than its \(job.timeout)")
        case nil:
            break
        }
        switch failure {
        case let error as JobError:
            switch error.disposition {
            case .permanent: return ending(.discard, error.code, error.message)
            case .retry(let after): return retry(error.code, error.message, after: after)
            case .snooze(let delay): return ending(.snooze(delay), error.code, error.message)
            }
        case is CancellationError:
            // Nobody asked for this run to stop, so the whole worker is being torn down.
            return ending(.release, "drained", "handed back by a leaving worker")
        default:
            return retry("handler_failed", String(describing: failure))
        }
    }
}

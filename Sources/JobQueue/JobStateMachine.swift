/// The life of one job, from acceptance to an end.
///
/// The machine performs nothing: each event returns the action that the store carries out. The statements of
/// `JobQueuePostgres` repeat these guards, and a test drives both with the same events.
/// `docs/job-lifecycle.md` draws it.
public struct JobStateMachine: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// Runnable now. Can transition to `running`, `cancelled`.
        case ready(spent: Int)
        /// Runnable later. Can transition to `ready`, `cancelled`.
        case scheduled(spent: Int)
        /// Leased by a worker. Can transition to every other state.
        case running(attempt: Int, token: Int64)
        case succeeded, dead, cancelled

        public var isFinal: Bool {
            switch self {
            case .succeeded, .dead, .cancelled: true
            case .ready, .scheduled, .running: false
            }
        }
    }

    public private(set) var state: State
    /// Somebody wants the run stopped; it does not come back, however it ends.
    public private(set) var isUnwanted = false
    /// Workers that died while they held this job.
    public private(set) var crashes = 0
    private let maxAttempts: Int
    private let maxCrashes: Int

    /// - Parameter maxCrashes: the number of lost workers after which the job is kept as a dead letter.
    public init(delayed: Bool, maxAttempts: Int, maxCrashes: Int = 2) {
        self.state = delayed ? .scheduled(spent: 0) : .ready(spent: 0)
        self.maxAttempts = maxAttempts
        self.maxCrashes = maxCrashes
    }

    public enum ClaimAction: Hashable, Sendable {
        case run(attempt: Int)
        case skip
    }

    /// A worker asks for work; `token` is larger than any this job had before.
    public mutating func claimed(token: Int64) -> ClaimAction {
        guard case .ready(let spent) = self.state else { return .skip }
        self.state = .running(attempt: spent + 1, token: token)
        return .run(attempt: spent + 1)
    }

    /// The time of a scheduled job has come.
    public mutating func becameDue() {
        guard case .scheduled(let spent) = self.state else { return }
        self.state = .ready(spent: spent)
    }

    public enum EndAction: Hashable, Sendable {
        case write
        /// The lease was lost: another worker may own the job, so nothing is written.
        case discardResult
    }

    /// A run that held `token` ended.
    public mutating func ended(token: Int64, action: JobEnding.Action) -> EndAction {
        guard case .running(let attempt, token) = self.state else { return .discardResult }
        switch action {
        case .succeed:
            self.state = .succeeded
        case .retry where self.isUnwanted, .snooze where self.isUnwanted, .release where self.isUnwanted:
            self.state = .cancelled
        case .retry(let delay):
            if attempt >= self.maxAttempts {
                self.state = .dead
            } else {
                self.state = delay > .zero ? .scheduled(spent: attempt) : .ready(spent: attempt)
            }
        case .snooze(let delay):
            self.state = delay > .zero ? .scheduled(spent: attempt - 1) : .ready(spent: attempt - 1)
        case .release:
            self.state = .ready(spent: attempt - 1)
        case .discard:
            self.state = .dead
        case .cancel:
            self.state = .cancelled
        }
        return .write
    }

    /// The worker that held the job was found dead. The attempt stays spent.
    public mutating func workerLost() {
        guard case .running(let attempt, _) = self.state else { return }
        self.crashes += 1
        guard !self.isUnwanted else {
            self.state = .cancelled
            return
        }
        let isSpent = self.crashes >= self.maxCrashes || attempt >= self.maxAttempts
        self.state = isSpent ? .dead : .ready(spent: attempt)
    }

    public enum CancelAction: Hashable, Sendable {
        /// The row was removed: the job is over.
        case cancelled
        /// A worker runs it; it is told, and ends the job itself.
        case askWorker
        /// The job had ended before.
        case tooLate
    }

    /// Somebody asks for the job to stop.
    public mutating func cancelRequested() -> CancelAction {
        switch self.state {
        case .ready, .scheduled:
            self.state = .cancelled
            return .cancelled
        case .running:
            self.isUnwanted = true
            return .askWorker
        case .succeeded, .dead, .cancelled:
            return .tooLate
        }
    }
}

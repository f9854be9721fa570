/// The life of one job, from acceptance to an end.
///
/// The machine performs nothing: each event returns the action that the store carries out. The statements of the
/// database repeat these guards, and a test drives both with the same events. `docs/job-lifecycle.md` draws it.
public struct JobStateMachine: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// Runnable now. Can transition to `running`, `blocked`, `cancelled`, `superseded`, `expired`.
        case ready(spent: Int)
        /// Runnable later. Can transition to `ready`, `cancelled`, `superseded`.
        case scheduled(spent: Int)
        /// Waits at a gate: a limit, a budget, another job. Can transition to `ready`, `cancelled`, `superseded`.
        case blocked(spent: Int)
        /// Leased by a worker. Can transition to every other state but `expired`.
        case running(attempt: Int, token: Int64)
        /// Kept with its body. Can transition to `ready`, when somebody redrives it.
        case dead
        case succeeded, cancelled, superseded, expired

        public var isFinal: Bool {
            switch self {
            case .succeeded, .dead, .cancelled, .superseded, .expired: true
            case .ready, .scheduled, .blocked, .running: false
            }
        }
    }

    public private(set) var state: State
    /// How the job is to end since somebody wants its run stopped; it does not come back, however the run ends.
    public private(set) var unwantedAs: State?
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
        /// A gate refuses it: it leaves the runnable rows until the gate opens.
        case block
        /// It is not worth a run any more.
        case expire
        case skip
    }

    /// A worker asks for work; `token` is larger than any this job had before.
    public mutating func claimed(token: Int64, gateIsShut: Bool = false, isExpired: Bool = false) -> ClaimAction {
        guard case .ready(let spent) = self.state else { return .skip }
        if isExpired {
            self.state = .expired
            return .expire
        }
        if gateIsShut {
            self.state = .blocked(spent: spent)
            return .block
        }
        self.state = .running(attempt: spent + 1, token: token)
        return .run(attempt: spent + 1)
    }

    /// The time of a scheduled job has come.
    public mutating func becameDue() {
        guard case .scheduled(let spent) = self.state else { return }
        self.state = .ready(spent: spent)
    }

    /// The gate at which the job waits lets it try again.
    public mutating func gateOpened() {
        guard case .blocked(let spent) = self.state else { return }
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
        case .discard:
            self.state = .dead
        case .cancel:
            self.state = self.unwantedAs ?? .cancelled
        case .retry(let delay):
            if attempt >= self.maxAttempts {
                self.state = .dead
            } else {
                self.comeBack(spent: attempt, after: delay)
            }
        case .snooze(let delay):
            self.comeBack(spent: attempt - 1, after: delay)
        case .release:
            self.comeBack(spent: attempt - 1, after: .zero)
        }
        return .write
    }

    private mutating func comeBack(spent: Int, after delay: Duration) {
        if let end = self.unwantedAs {
            self.state = end
        } else {
            self.state = delay > .zero ? .scheduled(spent: spent) : .ready(spent: spent)
        }
    }

    /// The worker that held the job was found dead. The attempt stays spent.
    public mutating func workerLost() {
        guard case .running(let attempt, _) = self.state else { return }
        self.crashes += 1
        if let end = self.unwantedAs {
            self.state = end
        } else {
            let isSpent = self.crashes >= self.maxCrashes || attempt >= self.maxAttempts
            self.state = isSpent ? .dead : .ready(spent: attempt)
        }
    }

    public enum CancelAction: Hashable, Sendable {
        /// The row was removed: the job is over.
        case cancelled
        /// A worker runs it; it is told, and ends the job itself.
        case askWorker
        /// The job had ended before.
        case tooLate
    }

    /// Somebody asks for the job to stop, or a newer version makes it pointless.
    public mutating func cancelRequested(isSuperseded: Bool = false) -> CancelAction {
        switch self.state {
        case .ready, .scheduled, .blocked:
            self.state = isSuperseded ? .superseded : .cancelled
            return .cancelled
        case .running:
            // The first wish stands.
            self.unwantedAs = self.unwantedAs ?? (isSuperseded ? .superseded : .cancelled)
            return .askWorker
        case .succeeded, .dead, .cancelled, .superseded, .expired:
            return .tooLate
        }
    }

    /// Somebody gives a dead letter another chance, with all its attempts.
    public mutating func redriven() {
        guard case .dead = self.state else { return }
        self.state = .ready(spent: 0)
        self.crashes = 0
        self.unwantedAs = nil
    }
}

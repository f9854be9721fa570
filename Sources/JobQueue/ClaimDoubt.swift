/// What a queue's runner cannot know after a claim whose answer was lost: the store may have leased jobs to this worker
/// that nobody here ever heard of. They would stand still until their deadlines, since their worker lives.
///
/// The claims of one runner follow one another and tokens grow, so whatever the worker holds above the newest token
/// that was heard before the loss, and was not heard since, is such a job. A claim that was given up here may still be
/// under way in the store, so the question is asked again for a while.
///
/// Pure: time comes in as a parameter.
struct ClaimDoubt: Sendable {
    /// How long a claim may still be under way in the store after its caller gave it up.
    static let span: Duration = .seconds(15)
    /// The pause between two questions.
    static let pause: Duration = .seconds(2)

    private struct Loss {
        var worker: WorkerID
        /// The newest token that was heard before.
        var floor: Int64
        /// The tokens that were heard since.
        var heard: Set<Int64> = []
        var asksFrom: ContinuousClock.Instant
        var until: ContinuousClock.Instant
    }

    private var newest: Int64 = 0
    private var loss: Loss?

    /// A claim was answered.
    mutating func heard(_ jobs: [ClaimedJob]) {
        var last: Int64?
        for job in jobs where job.lease.token != last {
            last = job.lease.token
            self.newest = max(self.newest, job.lease.token)
            self.loss?.heard.insert(job.lease.token)
        }
    }

    /// The answer to a claim was lost, or it failed; the two cannot be told apart.
    mutating func lost(worker: WorkerID, now: ContinuousClock.Instant) {
        if self.loss?.worker != worker {
            self.loss = Loss(worker: worker, floor: self.newest, asksFrom: now, until: now)
        }
        self.loss?.asksFrom = now
        self.loss?.until = now + Self.span
    }

    /// What to ask the store before the next claim; `nil` while there is no doubt or it is too early.
    func question(queue: String, worker: WorkerID, now: ContinuousClock.Instant) -> UnheardClaims? {
        // A worker that was given up holds nothing any more.
        guard let loss, loss.worker == worker, now >= loss.asksFrom else { return nil }
        return UnheardClaims(queue: queue, worker: worker, after: loss.floor, heard: loss.heard.sorted())
    }

    /// The store answered the question.
    mutating func answered(now: ContinuousClock.Instant) {
        guard let loss else { return }
        if now >= loss.until {
            self.loss = nil
        } else {
            self.loss?.asksFrom = now + Self.pause
        }
    }
}

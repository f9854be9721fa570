/// One reason why a job stands where it stands.
public struct JobReason: Hashable, Sendable, Codable {
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        case noSuchJob = "no_such_job"
        /// It is over, and was not given up.
        case ended
        /// It is a dead letter.
        case dead
        case running
        /// Its worker vanished or went silent; it is handed on soon.
        case workerLost = "worker_lost"
        case pastDeadline = "past_deadline"
        case stopWished = "stop_wished"
        case progress
        case delayed
        /// A run failed, and the next one waits out its backoff.
        case retry
        case snoozed
        case kindPaused = "kind_paused"
        case kindLimit = "kind_limit"
        case queueLimit = "queue_limit"
        case keyLimit = "key_limit"
        case budget
        case needsJob = "needs_job"
        /// A job that it needs is a dead letter.
        case needsDeadJob = "needs_dead_job"
        case batchIncomplete = "batch_incomplete"
        /// What it waited for is there; it becomes runnable with the next sweep.
        case gateOpen = "gate_open"
        case queuePaused = "queue_paused"
        case noWorker = "no_worker"
        /// Every live worker of the queue is draining or quiet.
        case workersQuiet = "workers_quiet"
        case slotsBusy = "slots_busy"
        case jobsAhead = "jobs_ahead"
        /// Nothing is in its way.
        case next
    }

    public var code: Code
    /// For people, with the facts.
    public var sentence: String

    init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }
}

extension Duration {
    /// Such as `1.5 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
    var inWords: String {
        let total = max(0, self.milliseconds)
        let seconds = total / 1_000
        switch seconds {
        case ..<10: return "\(seconds).\(total % 1_000 / 100) s"
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min \(seconds % 60) s"
        default: return "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        }
    }
}

/// Millionths of the currency as an amount.
func amount(ofMicros micros: Int64) -> String {
    let fraction = String(1_000_000 + micros.magnitude % 1_000_000).dropFirst()
    let digits = fraction.prefix(2) + fraction.dropFirst(2).reversed().drop { $0 == "0" }.reversed()
    return "\(micros < 0 ? "-" : "")\(micros.magnitude / 1_000_000).\(digits)"
}

import JobQueue

/// Counts the runs of one process by queue and kind, until somebody takes the counts.
///
/// Pure. An event allocates nothing, except the first one of a queue and kind.
struct RunTally: Sendable {
    struct Name: Hashable, Sendable {
        var queue: String
        var kind: String
    }

    struct Entry: Sendable {
        var name: Name
        var counts = RunCounts()
        var waits = DurationHistogram()
        /// Of the runs that ``RunCounts/ended`` counts.
        var runs = DurationHistogram()
    }

    private(set) var entries: [Entry] = []
    private var places: [Name: Int] = [:]
    /// Jobs of one kind come in a row.
    private var lastPlace = 0

    mutating func started(_ job: ClaimedJob) {
        let place = self.place(of: job)
        self.entries[place].counts.started += 1
        self.entries[place].waits.record(job.waited)
    }

    mutating func ended(_ ending: JobEnding) {
        let place = self.place(of: ending.job)
        switch ending.action {
        case .succeed: self.entries[place].counts.succeeded += 1
        // The store buries a run that was its job's last, whatever the worker decided.
        case .retry where ending.job.attempt >= ending.job.maxAttempts: self.entries[place].counts.discarded += 1
        case .retry: self.entries[place].counts.retried += 1
        case .discard: self.entries[place].counts.discarded += 1
        case .cancel: self.entries[place].counts.cancelled += 1
        case .snooze:
            self.entries[place].counts.snoozed += 1
            return
        case .release:
            self.entries[place].counts.released += 1
            return
        }
        self.entries[place].runs.record(ending.ran)
        if let cost = ending.costMicros { self.entries[place].counts.costMicros += cost }
    }

    mutating func refused(_ ending: JobEnding) {
        self.entries[self.place(of: ending.job)].counts.fenced += 1
    }

    /// Hands over the counts and begins anew.
    mutating func take() -> [Entry] {
        defer { self = RunTally() }
        return self.entries
    }

    private mutating func place(of job: ClaimedJob) -> Int {
        if self.lastPlace < self.entries.count, self.entries[self.lastPlace].name.kind == job.kind,
            self.entries[self.lastPlace].name.queue == job.queue
        {
            return self.lastPlace
        }
        let name = Name(queue: job.queue, kind: job.kind)
        let place = self.places[name] ?? self.entries.count
        if place == self.entries.count {
            self.entries.append(Entry(name: name))
            self.places[name] = place
        }
        self.lastPlace = place
        return place
    }
}

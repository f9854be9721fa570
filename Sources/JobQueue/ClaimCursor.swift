/// Where the next claim of a queue begins.
///
/// Rows that were claimed stay in the index until nobody can see them any more, which is long while a transaction is
/// open somewhere. A claim therefore starts at the lowest tag of the last full batch instead of walking over them. Rows
/// that were stored late or returned to the front stand below that mark, so from time to time a claim looks at all.
///
/// Pure: time comes in as a parameter.
struct ClaimCursor: Sendable {
    /// The longest time a row below the mark waits while the queue is full.
    static let patience: Duration = .seconds(1)
    /// The share of its claims that a lane below may have when its rows waited too long: one in so many.
    static let agedShare = 8

    private var marks = ClaimRequest.noHints
    private var looksAtAllFrom: ContinuousClock.Instant
    private var agedCredit = 0

    init(now: ContinuousClock.Instant) {
        self.looksAtAllFrom = now
    }

    struct Plan: Hashable {
        var hints: [Int64]
        var aged: Int

        /// True when rows may exist that this claim does not look at.
        var isHinted: Bool { self.hints != ClaimRequest.noHints }
    }

    mutating func next(limit: Int, now: ContinuousClock.Instant) -> Plan {
        if now >= self.looksAtAllFrom { self.marks = ClaimRequest.noHints }
        self.agedCredit += limit
        let aged = self.agedCredit / Self.agedShare
        self.agedCredit -= aged * Self.agedShare
        return Plan(hints: self.marks, aged: min(aged, limit))
    }

    /// What a claim brought. Returns true when the next one should follow at once, since this one may have missed rows.
    mutating func claimed(
        _ jobs: [ClaimedJob], plan: Plan, limit: Int, took: Duration, now: ContinuousClock.Instant
    ) -> Bool {
        if !plan.isHinted {
            // A look at everything is dear while old rows cannot be cleared away; it never takes more than a
            // fiftieth of the time.
            self.looksAtAllFrom = now + max(Self.patience, took * 50)
        }
        guard jobs.count >= limit else {
            self.marks = ClaimRequest.noHints
            return plan.isHinted
        }
        for (index, lane) in Lane.allCases.enumerated() {
            // A lane that gave nothing was empty when it was looked at; what arrives there has a tag of its own time.
            guard let lowest = jobs.lazy.filter({ $0.lane == lane }).map(\.tag).min() else { continue }
            self.marks[index] = lowest
        }
        return false
    }
}

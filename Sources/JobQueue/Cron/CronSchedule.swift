public import FoundationEssentials

/// When a recurring job is due: an expression, the zone it is meant in, and what to do about missed firings.
public struct CronSchedule: Hashable, Sendable {
    public var expression: CronExpression
    public var timeZone: CronTimeZone
    public var catchUp: CatchUpPolicy
    /// With ``CatchUpPolicy/skip``, a firing this late is still made: a leader's pause, a deploy or a rescue must not
    /// lose a night's run.
    public var tolerance: Duration

    public init(
        expression: CronExpression, timeZone: CronTimeZone, catchUp: CatchUpPolicy, tolerance: Duration = .seconds(60)
    ) {
        self.expression = expression
        self.timeZone = timeZone
        self.catchUp = catchUp
        self.tolerance = tolerance
    }

    /// What to do at one moment.
    public struct Firings: Hashable, Sendable {
        /// The instants to fire for now, earliest first. At most one, or as many as ``CatchUpPolicy/all(limit:)`` says.
        public var due: [Date]
        /// The next one, strictly after everything considered so far; `nil` when the expression never fires again.
        public var next: Date?
        /// The instant up to which everything is settled, by firing or by dropping it: the `since` of the next call.
        public var settledAt: Date
    }

    /// The instants that are due at `now`.
    ///
    /// - Parameter since: ``Firings/settledAt`` of the call before, or when the schedule came to be. Every instant
    ///   given is later, whatever the clock did in between, so none is given twice.
    public func firings(since: Date, now: Date) -> Firings {
        var due: [Date] = []
        var latest: Date?
        if let instant = self.latestFiring(after: since, through: now) {
            latest = instant
            switch self.catchUp {
            case .skip: if now.timeIntervalSince(instant) <= self.tolerance / .seconds(1) { due = [instant] }
            case .once: due = [instant]
            case .all(let limit): due = self.latestFirings(limit, endingWith: instant, after: since)
            }
        }
        let settled = latest ?? since
        return Firings(
            due: due, next: self.expression.nextFiring(after: max(settled, now), in: self.timeZone), settledAt: settled)
    }

    private func latestFirings(_ limit: Int, endingWith last: Date, after since: Date) -> [Date] {
        var instants: [Date] = []
        var instant: Date? = last
        while let found = instant, instants.count < limit {
            instants.append(found)
            // Firings lie on whole seconds.
            instant = self.latestFiring(after: since, through: found.addingTimeInterval(-1))
        }
        return instants.reversed()
    }

    /// The last firing in `since < instant ≤ end`.
    ///
    /// Asks for the next firing after earlier and earlier instants, then halves the stretch: about 60 questions for
    /// a schedule that fires once in years, few for a frequent one, and never one for each firing that was missed.
    private func latestFiring(after since: Date, through end: Date) -> Date? {
        func firing(after instant: Date) -> Date? {
            self.expression.nextFiring(after: instant, in: self.timeZone).flatMap { $0 <= end ? $0 : nil }
        }
        guard since < end else { return nil }
        var stretch = 60.0
        var start = max(since, end.addingTimeInterval(-stretch))
        var found = firing(after: start)
        while found == nil {
            guard start > since else { return nil }
            stretch *= 2
            start = max(since, end.addingTimeInterval(-stretch))
            found = firing(after: start)
        }
        // The latest firing is `found` or comes after it; nothing fires after `quiet`.
        var quiet = end
        while let earliest = found, quiet.timeIntervalSince(earliest) >= 1 {
            let middle = earliest.addingTimeInterval((quiet.timeIntervalSince(earliest) / 2).rounded(.down))
            if let later = firing(after: middle) { found = later } else { quiet = middle }
        }
        return found
    }
}

public import FoundationEssentials

/// Instants and local times are whole seconds since 1970 here; a local time is counted as if its zone were UTC.
extension CronExpression {
    /// More than any two offsets of one zone ever lay apart.
    private static let widestChange = 36 * 3_600

    /// The first instant after `instant` at which the expression fires in a zone, or `nil` when it never does
    /// (`0 0 30 2 *`) and for instants more than 30,000 years away.
    ///
    /// Where the zone changes its offset, a time of day that is left out fires at the first instant after the gap,
    /// once, however many times were left out; a time that happens twice fires the first time. An expression whose
    /// hours are `*`, `*/n` or all 24 fires at every instant that bears a matching local time instead, so that
    /// `*/15 * * * *` goes on every 15 minutes.
    public func nextFiring(after instant: Date, in zone: CronTimeZone) -> Date? {
        let seconds = instant.timeIntervalSince1970.rounded(.down)
        guard seconds.magnitude < 1e12 else { return nil }
        let next =
            self.followsElapsedTime
            ? self.nextByElapsedTime(after: Int(seconds), in: zone)
            : self.nextByTimeOfDay(after: Int(seconds), in: zone)
        return next.map { Date(timeIntervalSince1970: Double($0)) }
    }

    /// True when no day of the calendar matches, as with `0 0 30 2 *`.
    public var neverFires: Bool { self.nextLocalTime(from: 0) == nil }

    /// A time of day fires when the local clock first reaches or passes it, so the firings follow the order of the
    /// local times, and all of those in one gap are one firing.
    private func nextByTimeOfDay(after instant: Int, in zone: CronTimeZone) -> Int? {
        var unreached = instant + zone.offset(at: instant) + 1
        // After the clock was put back, the times up to the change were reached already.
        let dayBefore = instant - CronExpression.widestChange
        if let change = zone.offsetChange(after: dayBefore, through: instant) {
            unreached = max(unreached, change + zone.offset(at: change - 1))
        }
        guard let local = self.nextLocalTime(from: unreached) else { return nil }
        var start = local - CronExpression.widestChange
        while true {
            let candidate = local - zone.offset(at: start)
            guard candidate > start else { return start }
            guard let change = zone.offsetChange(after: start, through: candidate) else { return candidate }
            start = change
        }
    }

    private func nextByElapsedTime(after instant: Int, in zone: CronTimeZone) -> Int? {
        var start = instant + 1
        // Each turn returns, comes within days of the next candidate or passes a change of the offset. Candidates
        // are lost in gaps only, so a handful of turns is the rule.
        for _ in 0..<200 {
            let offset = zone.offset(at: start)
            guard let local = self.nextLocalTime(from: start + offset) else { return nil }
            let candidate = local - offset
            let near = start + 2 * CronExpression.widestChange
            if let change = zone.offsetChange(after: start, through: min(candidate, near)) {
                start = change
            } else if candidate <= near {
                return candidate
            } else {
                // Whatever the offset is by then, no matching local time comes sooner.
                start = candidate - CronExpression.widestChange
            }
        }
        return nil
    }

    /// The first matching local time that is not before `local`.
    private func nextLocalTime(from local: Int) -> Int? {
        let minute = (local + 59).flooredQuotient(by: 60)
        let today = minute.flooredQuotient(by: 1_440)
        var (month, earliest) = CivilMonth.holding(day: today)
        // A leap day comes back within 8 years, everything else sooner.
        for _ in 0...96 {
            if self.months.contains(month.month) {
                let days = self.days(of: month)
                while let day = days.first(from: earliest) {
                    let number = month.firstDay + day - 1
                    let from = number == today ? minute - today * 1_440 : 0
                    if let time = self.nextMinuteOfDay(from: from) { return (number * 1_440 + time) * 60 }
                    earliest = day + 1
                }
            }
            month.advance()
            earliest = 1
        }
        return nil
    }

    private func nextMinuteOfDay(from minute: Int) -> Int? {
        let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
        if self.hours.contains(hour), let match = self.minutes.first(from: rest) { return hour * 60 + match }
        guard let next = self.hours.first(from: hour + 1), let match = self.minutes.first(from: 0) else { return nil }
        return next * 60 + match
    }
}

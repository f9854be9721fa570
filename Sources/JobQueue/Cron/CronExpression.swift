/// When something happens again and again: the five fields of cron, in local time.
///
/// `minute hour day-of-month month day-of-week`, each `*`, a number, a name (`jan`, `mon`), a range `a-b`, a step
/// `*/n` or `a-b/n`, or a list of these; or one of `@hourly @daily @weekly @monthly @yearly`.
///
/// | written | fires |
/// |---|---|
/// | `15 3 * * *` | every day at 03:15 |
/// | `*/15 8-17 * * mon-fri` | on working days, every quarter of an hour from 08:00 to 17:45 |
/// | `0 0 1 * mon` | on the first of the month, and on every Monday |
///
/// As in POSIX, a restricted day of the month and a restricted day of the week are joined by *or*. A field is
/// unrestricted when it is `*`; `*/2` restricts it.
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// The expression as it was written.
    public let description: String
    let minutes: CronValues
    let hours: CronValues
    let months: CronValues
    private let daysOfMonth: CronValues
    private let daysOfWeek: CronValues
    /// Either of the two fields that name days is enough, since both are restricted.
    private let eitherDay: Bool
    /// The hours are `*`, steps over `*` or all 24: the expression means a distance in time rather than a time of day,
    /// so a change of the zone's offset neither delays nor suppresses a firing.
    let followsElapsedTime: Bool

    /// - Throws: ``CronSyntaxError`` for everything that is not the notation above.
    public init(_ text: String) throws(CronSyntaxError) {
        let fields = try CronParser.fields(of: text)
        self.description = text
        self.minutes = fields[0].values
        self.hours = fields[1].values
        self.daysOfMonth = fields[2].values
        self.months = fields[3].values
        self.daysOfWeek = fields[4].values
        self.eitherDay = fields[2].isRestricted && fields[4].isRestricted
        self.followsElapsedTime = fields[1].beginsWithStar || self.hours == CronValues(CronField.hour.range)
    }

    /// The days of a month on which the expression fires.
    func days(of month: CivilMonth) -> CronValues {
        let whole = CronValues(month.days)
        let named = self.daysOfMonth.intersection(whole)
        var weekly = CronValues()
        for day in month.days where self.daysOfWeek.contains((month.firstWeekday + day - 1) % 7) { weekly.insert(day) }
        return self.eitherDay ? named.union(weekly) : named.intersection(weekly)
    }
}

/// A set of small numbers, one bit each.
struct CronValues: Hashable, Sendable {
    private var bits: UInt64 = 0

    init() {}

    init(_ range: ClosedRange<Int>) {
        self.bits = (~0 >> UInt64(63 - range.upperBound)) & (~0 << UInt64(range.lowerBound))
    }

    mutating func insert(_ value: Int) { self.bits |= 1 << UInt64(value) }

    func contains(_ value: Int) -> Bool { self.bits & 1 << UInt64(value) != 0 }

    /// The lowest member that is not below `bound`.
    func first(from bound: Int) -> Int? {
        guard bound < 64 else { return nil }
        let rest = self.bits & (~0 << UInt64(bound))
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }

    func union(_ other: CronValues) -> CronValues {
        var result = self
        result.bits |= other.bits
        return result
    }

    func intersection(_ other: CronValues) -> CronValues {
        var result = self
        result.bits &= other.bits
        return result
    }
}

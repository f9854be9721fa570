/// A month of the Gregorian calendar.
struct CivilMonth: Hashable, Sendable {
    private(set) var year: Int
    /// 1 is January.
    private(set) var month: Int
    /// The first day, counted from 1970-01-01.
    private(set) var firstDay: Int

    /// The month that holds a day, and the day's number in it.
    static func holding(day: Int) -> (month: CivilMonth, dayOfMonth: Int) {
        // Counted from 0000-03-01, so that a leap day is the last of its year and every 400 years are alike.
        let days = day + 719_468
        let era = days.flooredQuotient(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // March to January repeat 31, 30, 31, 30, 31 days: 153 in five months.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (CivilMonth(year: year, month: month, firstDay: day - dayOfMonth + 1), dayOfMonth)
    }

    /// The numbers of its days.
    var days: ClosedRange<Int> {
        switch self.month {
        case 2: 1...(self.isLeapYear ? 29 : 28)
        case 4, 6, 9, 11: 1...30
        default: 1...31
        }
    }

    private var isLeapYear: Bool { self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) }

    /// The weekday of the first; 0 is Sunday.
    var firstWeekday: Int {
        // 1970-01-01 was a Thursday.
        let weekday = (self.firstDay + 4) % 7
        return weekday < 0 ? weekday + 7 : weekday
    }

    mutating func advance() {
        self.firstDay += self.days.upperBound
        self.month += 1
        if self.month == 13 {
            self.month = 1
            self.year += 1
        }
    }
}

extension Int {
    /// The quotient rounded down, also for negative numbers.
    func flooredQuotient(by divisor: Int) -> Int {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

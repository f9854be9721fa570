public import FoundationEssentials

/// A `timestamptz` with microseconds.
extension Date: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 1184 }
    public static var postgresArrayOID: UInt32 { 1185 }

    /// ISO 8601 in UTC. Dates outside the years 1 to 9999 become the server's infinities.
    public var postgresText: String? {
        let microseconds = (self.timeIntervalSince1970 * 1_000_000).rounded()
        guard microseconds >= -62_135_596_800_000_000 else { return "-infinity" }
        guard microseconds < 253_402_300_800_000_000 else { return "infinity" }
        let total = Int64(microseconds)
        let days = Int(total.flooringDivision(by: 86_400_000_000))
        let rest = Int(total - Int64(days) * 86_400_000_000)
        let day = CivilDay(daysSinceEpoch: days)
        let seconds = rest / 1_000_000
        return day.year.padded(4) + "-" + day.month.padded(2) + "-" + day.day.padded(2) + " "
            + (seconds / 3600).padded(2) + ":" + (seconds / 60 % 60).padded(2) + ":" + (seconds % 60).padded(2)
            + "." + (rest % 1_000_000).padded(6) + "+00"
    }

    /// The ISO date style with an offset: `2026-03-01 12:00:00.5+05:30`.
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Date {
        var reader = TimestampReader()
        return try reader.read(text)
    }
}

extension Date {
    /// The second as RFC 3339 writes it, `2026-03-01T12:00:00Z`, for years 1 to 9999.
    package var secondText: String {
        let total = Int64(self.timeIntervalSince1970.rounded(.down))
        let days = Int(total.flooringDivision(by: 86_400))
        let rest = Int(total) - days * 86_400
        let day = CivilDay(daysSinceEpoch: days)
        return day.year.padded(4) + "-" + day.month.padded(2) + "-" + day.day.padded(2) + "T"
            + (rest / 3600).padded(2) + ":" + (rest / 60 % 60).padded(2) + ":" + (rest % 60).padded(2) + "Z"
    }
}

/// A day of the proleptic Gregorian calendar, which the server uses for all years.
struct CivilDay: Hashable {
    var year: Int
    var month: Int
    var day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Years are counted from March, so that the leap day is the last of its year; 719,468 days lie between 1 March of
    /// the year 0 and 1 January 1970, and 400 years have 146,097 days.
    init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = Int(Int64(shifted).flooringDivision(by: 146_097))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int {
        let shiftedYear = self.month <= 2 ? self.year - 1 : self.year
        let era = Int(Int64(shiftedYear).flooringDivision(by: 400))
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = self.month > 2 ? self.month - 3 : self.month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + self.day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Reads a timestamp with its offset.
private struct TimestampReader {
    private var index = 0

    mutating func read(_ text: Span<UInt8>) throws(PostgresDecodingFailure) -> Date {
        let year = try self.number(text, then: "-")
        let month = try self.number(text, then: "-")
        let day = try self.number(text, then: " ")
        let hours = try self.number(text, then: ":")
        let minutes = try self.number(text, then: ":")
        let seconds = try self.number(text)
        let micros = self.accept(".", text) ? try self.fraction(text) : 0
        let isWest = self.accept("-", text)
        guard isWest || self.accept("+", text) else {
            throw PostgresDecodingFailure(reason: "the timestamp has no offset")
        }
        var offset = try self.number(text) * 3600
        if self.accept(":", text) { offset += try self.number(text) * 60 }
        if self.accept(":", text) { offset += try self.number(text) }
        guard self.index == text.count, (1...12).contains(month), (1...31).contains(day) else { throw Self.malformed }
        let days = CivilDay(year: year, month: month, day: day).daysSinceEpoch
        let total = days * 86_400 + hours * 3600 + minutes * 60 + seconds - (isWest ? -offset : offset)
        return Date(timeIntervalSince1970: Double(total) + Double(micros) / 1_000_000)
    }

    private mutating func number(
        _ text: Span<UInt8>, then separator: Unicode.Scalar
    ) throws(PostgresDecodingFailure) -> Int {
        let value = try self.number(text)
        guard self.accept(separator, text) else { throw Self.malformed }
        return value
    }

    private mutating func number(_ text: Span<UInt8>) throws(PostgresDecodingFailure) -> Int {
        var value = 0
        let start = self.index
        while self.index < text.count, text[self.index] &- UInt8(ascii: "0") < 10, self.index - start < 6 {
            value = value * 10 + Int(text[self.index] - UInt8(ascii: "0"))
            self.index += 1
        }
        guard self.index > start else { throw Self.malformed }
        return value
    }

    private mutating func fraction(_ text: Span<UInt8>) throws(PostgresDecodingFailure) -> Int {
        let start = self.index
        var value = try self.number(text)
        for _ in (self.index - start)..<6 { value *= 10 }
        return value
    }

    private mutating func accept(_ character: Unicode.Scalar, _ text: Span<UInt8>) -> Bool {
        guard self.index < text.count, text[self.index] == UInt8(ascii: character) else { return false }
        self.index += 1
        return true
    }

    private static var malformed: PostgresDecodingFailure {
        PostgresDecodingFailure(reason: "not a timestamp in ISO style")
    }
}

extension Int64 {
    fileprivate func flooringDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

extension Int {
    fileprivate func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}

import FoundationEssentials

/// How long a provider asks to wait (RFC 9110, section 10.2.3), also in OpenAI's own `retry-after-ms`.
enum RetryAfter {
    /// Waits beyond a day are cut to one: nothing that long is a matter of patience.
    private static let longest = Duration.seconds(86_400)

    static func duration(retryAfter: String?, milliseconds: String?, now: Date) -> Duration? {
        if let milliseconds = milliseconds.flatMap(Double.init), let wait = self.duration(seconds: milliseconds / 1000)
        {
            return wait
        }
        guard let retryAfter else { return nil }
        if let seconds = Double(retryAfter) { return self.duration(seconds: seconds) }
        guard let date = HTTPDate.date(retryAfter) else { return nil }
        return self.duration(seconds: max(0, date.timeIntervalSince(now)))
    }

    /// `nil` for what is no length of time.
    static func duration(seconds: Double) -> Duration? {
        guard seconds.isFinite, seconds >= 0 else { return nil }
        guard seconds < 86_400 else { return self.longest }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }
}

/// The three date formats of HTTP (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    static func date(_ text: String) -> Date? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        guard words.count >= 5 else { return nil }
        // "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"
        let isAsctime = words[1].first?.isLetter == true
        let (day, month, year, time) =
            isAsctime ? (words[2], words[1], words[4], words[3]) : (words[1], words[2], words[3], words[4])
        let clock = time.split(separator: ":").map { Int($0) ?? -1 }
        guard let day = Int(day), (1...31).contains(day), var year = Int(year), (0...9999).contains(year),
            let month = self.months.firstIndex(of: month.lowercased()),
            clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        if words[3].count == 2, !isAsctime { year += year < 70 ? 2000 : 1900 }
        let days = self.daysSince1970(year: year, month: month + 1, day: day)
        return Date(timeIntervalSince1970: Double(days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]))
    }

    /// The Gregorian calendar by arithmetic: years counted from March, so that the leap day comes last.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

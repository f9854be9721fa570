import Foundation
import JobQueue
import ServerTesting
import Testing

/// Compares with a reading of the rules that looks at every minute and leaves the calendar to Foundation.
@Suite struct CronReferenceTests {
    /// A stretch of days in one zone, beginning at an instant in UTC.
    struct Stretch: Sendable, CustomTestStringConvertible {
        var zone: String
        var start: String
        var days = 4
        var testDescription: String { "\(self.zone) from \(self.start)" }
    }

    private static let stretches = [
        Stretch(zone: "Europe/Berlin", start: "2026-03-27T10:00"),
        Stretch(zone: "Europe/Berlin", start: "2026-10-23T10:00"),
        Stretch(zone: "Europe/Berlin", start: "2028-02-27T00:00"),
        Stretch(zone: "America/New_York", start: "2026-03-06T12:00"),
        Stretch(zone: "America/New_York", start: "2026-10-30T12:00"),
        Stretch(zone: "America/New_York", start: "2038-10-30T12:00"),
        Stretch(zone: "Asia/Karachi", start: "2026-12-29T12:00"),
        Stretch(zone: "Asia/Karachi", start: "2008-05-30T00:00"),
        Stretch(zone: "Australia/Lord_Howe", start: "2026-04-03T00:00"),
        Stretch(zone: "Australia/Lord_Howe", start: "2026-10-02T00:00"),
        Stretch(zone: "Pacific/Apia", start: "2011-12-28T00:00"),
        Stretch(zone: "Pacific/Apia", start: "2011-09-22T20:00"),
        Stretch(zone: "Pacific/Apia", start: "2012-03-30T00:00"),
    ]

    @Test(arguments: CronReferenceTests.stretches)
    func firesAsTheReferenceDoes(stretch: Stretch) throws {
        let zone = try #require(CronTimeZone(stretch.zone))
        let timeline = try Timeline(stretch)
        var compared = 0
        for seed in 0..<120 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let sample = CronSample(&generator)
            let expression = try CronExpression(sample.text)
            let expected = timeline.firings(of: sample)
            compared += expected.count

            var found: [Date] = []
            var last = timeline.start
            while let next = expression.nextFiring(after: last, in: zone), next <= timeline.end, found.count < 20_000 {
                found.append(next)
                last = next
            }
            #expect(found == expected, "seed \(seed): \(sample.text)")
            // From anywhere, not only from one firing to the next.
            for _ in 0..<10 {
                let after = timeline.start.addingTimeInterval(Double(generator.below(stretch.days * 86_400)))
                let next = expression.nextFiring(after: after, in: zone)
                #expect(
                    next.flatMap { $0 <= timeline.end ? $0 : nil } == expected.first { $0 > after },
                    "seed \(seed): \(sample.text) after \(after)")
            }
        }
        #expect(compared > 1_000)
    }
}

/// A random expression as text, and as the plain sets it means.
private struct CronSample {
    let text: String
    private let values: [Set<Int>]
    private let starred: [Bool]

    var followsElapsedTime: Bool { self.starred[1] || self.values[1].count == 24 }

    init(_ generator: inout SeededGenerator) {
        let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
        // Days and months are mostly open, or hardly anything would fire within days.
        let openness = [3, 4, 6, 9, 6]
        var texts: [String] = []
        var values: [Set<Int>] = []
        for (range, open) in zip(ranges, openness) {
            let (text, set) = CronSample.field(range, isOpen: generator.below(10) < open, &generator)
            texts.append(text)
            values.append(set)
        }
        self.text = texts.joined(separator: " ")
        self.values = values
        self.starred = texts.map { $0.hasPrefix("*") }
    }

    private static func field(
        _ range: ClosedRange<Int>, isOpen: Bool, _ generator: inout SeededGenerator
    ) -> (String, Set<Int>) {
        if isOpen { return ("*", Set(range)) }
        var texts: [String] = []
        var values: Set<Int> = []
        for _ in 0...generator.below(3) {
            let lower = range.lowerBound + generator.below(range.count)
            let upper = lower + generator.below(range.upperBound - lower + 1)
            let step = 1 + generator.below(range.upperBound)
            switch generator.below(4) {
            case 0:
                texts.append("\(lower)")
                values.insert(lower)
            case 1:
                texts.append("\(lower)-\(upper)")
                values.formUnion(lower...upper)
            case 2:
                texts.append("\(lower)-\(upper)/\(step)")
                values.formUnion(stride(from: lower, through: upper, by: step))
            default:
                texts.append("*/\(step)")
                values.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
            }
        }
        return (texts.joined(separator: ","), values)
    }

    func matches(_ time: Timeline.LocalTime) -> Bool {
        guard self.values[0].contains(time.minute), self.values[1].contains(time.hour),
            self.values[3].contains(time.month)
        else { return false }
        let named = self.values[2].contains(time.day)
        let weekly = self.values[4].contains(time.weekday)
        let namesDays = !self.starred[2] || self.values[2].count < 31
        let namesWeekdays = !self.starred[4] || self.values[4].count < 7
        return namesDays && namesWeekdays ? named || weekly : named && weekly
    }
}

/// Every minute of a stretch, with the local times that its clocks reach in it.
private struct Timeline {
    struct LocalTime {
        var minute: Int
        var hour: Int
        var day: Int
        var month: Int
        var weekday: Int
    }

    private struct Minute {
        var at: Date
        var shows: LocalTime
        /// What the clock shows or jumped over, as far as it never got there before.
        var reaches: [LocalTime]
    }

    let start: Date
    let end: Date
    private var minutes: [Minute] = []

    init(_ stretch: CronReferenceTests.Stretch) throws {
        let zone = try #require(TimeZone(identifier: stretch.zone))
        var utc = Calendar(identifier: .gregorian)
        utc.timeZone = .gmt
        var local = Calendar(identifier: .gregorian)
        local.timeZone = zone
        self.start = instant(stretch.start)
        self.end = self.start.addingTimeInterval(Double(stretch.days) * 86_400)
        // What the clocks showed before matters where they were put back just before the start.
        var furthest = self.start.addingTimeInterval(-86_400)
        for minute in -1_440...stretch.days * 1_440 {
            let at = self.start.addingTimeInterval(Double(minute) * 60)
            let shown = at.addingTimeInterval(Double(zone.secondsFromGMT(for: at)))
            var reaches: [LocalTime] = []
            if minute == -1_440 { furthest = shown }
            while furthest < shown {
                furthest = furthest.addingTimeInterval(60)
                if minute > 0 { reaches.append(Timeline.localTime(furthest, utc)) }
            }
            if minute > 0 {
                self.minutes.append(Minute(at: at, shows: Timeline.localTime(at, local), reaches: reaches))
            }
        }
    }

    private static func localTime(_ date: Date, _ calendar: Calendar) -> LocalTime {
        let parts = calendar.dateComponents([.minute, .hour, .day, .month, .weekday], from: date)
        guard let minute = parts.minute, let hour = parts.hour, let day = parts.day, let month = parts.month,
            let weekday = parts.weekday
        else { fatalError("the calendar knows no fields of \(date)") }
        return LocalTime(minute: minute, hour: hour, day: day, month: month, weekday: weekday - 1)
    }

    func firings(of sample: CronSample) -> [Date] {
        self.minutes.filter { minute in
            sample.followsElapsedTime ? sample.matches(minute.shows) : minute.reaches.contains(where: sample.matches)
        }.map(\.at)
    }
}

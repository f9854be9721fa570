import Foundation
import JobQueue
import Testing

/// What the days of a changed offset promise, spelled out. ``CronReferenceTests`` covers the rest.
@Suite struct CronOffsetChangeTests {
    /// 2026-03-29 02:00 → 03:00 in Berlin, at 01:00 UTC.
    @Test func aTimeThatIsLeftOutFiresOnceAtTheFirstInstantAfterTheGap() throws {
        #expect(
            try firings("30 2 * * *", "Europe/Berlin", after: "2026-03-28T00:00", count: 3) == [
                "2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z",
            ])
        // Four times in the gap and the one at its end are one firing.
        #expect(
            try firings("*/15 2,3 * * *", "Europe/Berlin", after: "2026-03-28T23:00", count: 3) == [
                "2026-03-29T01:00Z", "2026-03-29T01:15Z", "2026-03-29T01:30Z",
            ])
        #expect(
            try firings("0 3 * * *", "Europe/Berlin", after: "2026-03-28T12:00", count: 2) == [
                "2026-03-29T01:00Z", "2026-03-30T01:00Z",
            ])
    }

    /// 2026-10-25 03:00 → 02:00 in Berlin, at 01:00 UTC.
    @Test func aTimeThatHappensTwiceFiresTheFirstTime() throws {
        #expect(
            try firings("30 2 * * *", "Europe/Berlin", after: "2026-10-24T12:00", count: 2) == [
                "2026-10-25T00:30Z", "2026-10-26T01:30Z",
            ])
        #expect(
            try firings("*/30 2-3 * * *", "Europe/Berlin", after: "2026-10-24T22:00", count: 4) == [
                "2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T02:00Z", "2026-10-25T02:30Z",
            ])
        // Asked during the second pass, by a process that has just come up.
        #expect(
            try firings("45 2 * * *", "Europe/Berlin", after: "2026-10-25T01:10", count: 1) == ["2026-10-26T01:45Z"])
    }

    @Test func expressionsWithoutAnHourGoOnByElapsedTime() throws {
        #expect(
            try firings("*/15 * * * *", "Europe/Berlin", after: "2026-03-29T00:30", count: 4) == [
                "2026-03-29T00:45Z", "2026-03-29T01:00Z", "2026-03-29T01:15Z", "2026-03-29T01:30Z",
            ])
        let autumn = try firings("*/15 * * * *", "Europe/Berlin", after: "2026-10-24T23:00", count: 12)
        #expect(autumn == (1...12).map { text(instant("2026-10-24T23:00").addingTimeInterval(Double($0) * 900)) })
        #expect(
            try firings("@hourly", "America/New_York", after: "2026-11-01T04:00", count: 3) == [
                "2026-11-01T05:00Z", "2026-11-01T06:00Z", "2026-11-01T07:00Z",
            ])
        #expect(
            try firings("0 0-23 * * *", "America/New_York", after: "2026-11-01T04:00", count: 3) == [
                "2026-11-01T05:00Z", "2026-11-01T06:00Z", "2026-11-01T07:00Z",
            ])
    }

    /// Apia went from the end of 2011-12-29 to the beginning of 2011-12-31, at 10:00 UTC.
    @Test func aDayThatWasLeftOutFiresAtTheBeginningOfTheNext() throws {
        #expect(
            try firings("0 12 * * *", "Pacific/Apia", after: "2011-12-29T00:00", count: 3) == [
                "2011-12-29T22:00Z", "2011-12-30T10:00Z", "2011-12-30T22:00Z",
            ])
        #expect(
            try firings("0 12 30 12 *", "Pacific/Apia", after: "2011-01-01T00:00", count: 2) == [
                "2011-12-30T10:00Z", "2012-12-29T22:00Z",
            ])
        #expect(
            try firings("0 * 30 12 *", "Pacific/Apia", after: "2011-01-01T00:00", count: 1) == ["2012-12-29T10:00Z"])
    }

    /// Lord Howe goes from 02:00 to 02:30 on 2026-10-04, and from 02:00 back to 01:30 on 2026-04-05.
    @Test func aChangeOfHalfAnHourMovesOnlyWhatLiesWithin() throws {
        #expect(
            try firings("15 2 4 10 *", "Australia/Lord_Howe", after: "2026-10-01T00:00", count: 1) == [
                "2026-10-03T15:30Z"
            ])
        #expect(
            try firings("45 1 5 4 *", "Australia/Lord_Howe", after: "2026-04-01T00:00", count: 2) == [
                "2026-04-04T14:45Z", "2027-04-04T15:15Z",
            ])
        #expect(
            try firings("0 * * * *", "Australia/Lord_Howe", after: "2026-04-04T13:30", count: 3) == [
                "2026-04-04T14:00Z", "2026-04-04T15:30Z", "2026-04-04T16:30Z",
            ])
    }
}

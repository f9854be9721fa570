import Foundation
import JobQueue
import Testing

@Suite struct CronExpressionTests {
    @Test(arguments: [
        ("15 3 * * *", "2026-03-01T00:00", ["2026-03-01T03:15", "2026-03-02T03:15"]),
        ("15 3 * * *", "2026-03-01T03:15", ["2026-03-02T03:15", "2026-03-03T03:15"]),
        ("*/20 8-9 * * *", "2026-01-31T08:30", ["2026-01-31T08:40", "2026-01-31T09:00", "2026-01-31T09:20"]),
        ("5-50/15,1 0 * * *", "2026-06-01T00:00", ["2026-06-01T00:01", "2026-06-01T00:05", "2026-06-01T00:20"]),
        ("0 12 * * mon-FRI", "2026-07-03T12:00", ["2026-07-06T12:00", "2026-07-07T12:00"]),
        ("0 12 * * fri-sun", "2026-07-03T12:00", ["2026-07-04T12:00", "2026-07-05T12:00", "2026-07-10T12:00"]),
        ("0 0 * * 7", "2026-07-01T00:00", ["2026-07-05T00:00", "2026-07-12T00:00"]),
        ("0 0 * Feb,dec 0", "2026-12-27T00:00", ["2027-02-07T00:00", "2027-02-14T00:00"]),
        ("59 23 31 * *", "2026-01-31T23:59", ["2026-03-31T23:59", "2026-05-31T23:59"]),
        ("0 0 29 2 *", "2096-02-29T00:00", ["2104-02-29T00:00", "2108-02-29T00:00"]),
        ("0 0 29 2 *", "1999-12-31T23:59", ["2000-02-29T00:00", "2004-02-29T00:00"]),
        ("@hourly", "2026-12-31T22:30", ["2026-12-31T23:00", "2027-01-01T00:00"]),
        ("@daily", "2026-12-31T00:00", ["2027-01-01T00:00", "2027-01-02T00:00"]),
        ("@weekly", "2026-07-01T00:00", ["2026-07-05T00:00", "2026-07-12T00:00"]),
        ("@Monthly", "2026-01-01T00:00", ["2026-02-01T00:00", "2026-03-01T00:00"]),
        ("@yearly", "2026-01-01T00:00", ["2027-01-01T00:00", "2028-01-01T00:00"]),
        ("0 0 1 1 *", "1931-05-05T05:05", ["1932-01-01T00:00", "1933-01-01T00:00"]),
    ])
    func firesWhenTheFieldsSay(text: String, after: String, expected: [String]) throws {
        #expect(try firings(text, "UTC", after: after, count: expected.count) == expected.map { $0 + "Z" })
    }

    @Test func restrictedDaysOfMonthAndWeekAreJoinedByOr() throws {
        #expect(
            try firings("0 0 13 * fri", "UTC", after: "2026-02-05T00:00", count: 4) == [
                "2026-02-06T00:00Z", "2026-02-13T00:00Z", "2026-02-20T00:00Z", "2026-02-27T00:00Z",
            ])
        #expect(
            try firings("0 0 */16 * mon", "UTC", after: "2026-03-01T12:00", count: 4) == [
                "2026-03-02T00:00Z", "2026-03-09T00:00Z", "2026-03-16T00:00Z", "2026-03-17T00:00Z",
            ])
        // Only one of them is restricted.
        #expect(
            try firings("0 0 13 * *", "UTC", after: "2026-02-05T00:00", count: 2) == [
                "2026-02-13T00:00Z", "2026-03-13T00:00Z",
            ])
        #expect(
            try firings("0 0 * * fri", "UTC", after: "2026-02-05T00:00", count: 2) == [
                "2026-02-06T00:00Z", "2026-02-13T00:00Z",
            ])
    }

    @Test(arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * 31 feb *", "*/5 */2 30-31 2 *"])
    func whatNeverFiresEndsWithinBoundedWork(text: String) throws {
        let expression = try CronExpression(text)
        #expect(expression.neverFires)
        for name in zones {
            let zone = try #require(CronTimeZone(name))
            let elapsed = ContinuousClock().measure {
                #expect(expression.nextFiring(after: instant("2026-01-01T00:00"), in: zone) == nil)
            }
            #expect(elapsed < .seconds(1))
        }
        #expect(try !CronExpression("0 0 29 2 *").neverFires)
        #expect(try !CronExpression("0 0 30 2 mon").neverFires)
    }

    @Test func instantsBeyondTheCalendarHaveNoNextFiring() throws {
        let expression = try CronExpression("* * * * *")
        for seconds in [1e15, -1e15, .infinity, -.infinity, .nan] {
            #expect(expression.nextFiring(after: Date(timeIntervalSince1970: seconds), in: .utc) == nil)
        }
        #expect(expression.nextFiring(after: .distantPast, in: .utc) == .distantPast.addingTimeInterval(60))
    }

    @Test func partsOfSecondsNeitherRepeatNorLoseAFiring() throws {
        let expression = try CronExpression("* * * * *")
        let noon = instant("2026-01-01T12:00")
        #expect(expression.nextFiring(after: noon.addingTimeInterval(-0.25), in: .utc) == noon)
        #expect(expression.nextFiring(after: noon, in: .utc) == noon.addingTimeInterval(60))
        #expect(expression.nextFiring(after: noon.addingTimeInterval(0.25), in: .utc) == noon.addingTimeInterval(60))
    }

    @Test(arguments: [
        ("60 * * * *", "minute \"60\": 60 is out of range; allowed are *, numbers 0-59"),
        ("* 24 * * *", "hour \"24\": 24 is out of range; allowed are *, numbers 0-23"),
        ("* * 0 * *", "day of month \"0\": 0 is out of range; allowed are *, numbers 1-31"),
        ("* * * 13 *", "month \"13\": 13 is out of range; allowed are *, numbers 1-12 or jan-dec"),
        ("* * * * 8", "day of week \"8\": 8 is out of range; allowed are *, numbers 0-7 or sun-sat"),
        ("* * * * funday", "day of week \"funday\": \"funday\" is no value"),
        ("* * * mon *", "month \"mon\": \"mon\" is no value"),
        ("* 22-2 * * *", "hour \"22-2\": the range runs backwards, write it as two ranges"),
        ("5/15 * * * *", "minute \"5/15\": a step needs a range, write 5-59/15"),
        ("*/0 * * * *", "minute \"*/0\": a step must be a number 1-59"),
        ("*/90 * * * *", "minute \"*/90\": a step must be a number 1-59"),
        ("*/ * * * *", "minute \"*/\": a step must be a number 1-59"),
        ("1,,2 * * * *", "minute \"1,,2\": an entry of the list is empty"),
        ("+5 * * * *", "minute \"+5\": \"+5\" is no value"), ("-5 * * * *", "minute \"-5\": \"\" is no value"),
        ("1-2-3 * * * *", "minute \"1-2-3\": \"2-3\" is no value"), ("٣ * * * *", "minute \"٣\": \"٣\" is no value"),
        ("* * L * *", "day of month \"L\": \"L\" is no value"), ("* * * * ?", "day of week \"?\": \"?\" is no value"),
        ("99999999999999999999 * * * *", "minute \"99999999999999999999\": 99999999999999999999 is out of range"),
        ("* * * *", "has 4 fields; a cron expression has five: minute, hour, day of month, month, day of week"),
        ("0 * * * * *", "has 6 fields"), ("", "has 0 fields"),
        ("@reboot", "the short forms are @hourly, @daily, @weekly, @monthly and @yearly, alone"),
        ("@daily 5", "the short forms are"), ("*\n* * * *", "has 4 fields"),
    ])
    func whatCannotBeReadNamesTheFieldAndWhatIsAllowed(text: String, message: String) {
        let error = #expect(throws: CronSyntaxError.self) { try CronExpression(text) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test func anExpressionSaysWhatWasWritten() throws {
        #expect(try CronExpression("*/5  8-17\t* * mon").description == "*/5  8-17\t* * mon")
        #expect(try CronExpression("0 0 * * 7") != CronExpression("0 0 * * 6"))
    }

    @Test func onlyNamesOfTheDatabaseAndUTCAreZones() {
        for name in zones + ["UTC", "Etc/UTC", "Asia/Calcutta", "Europe/Kyiv"] {
            #expect(CronTimeZone(name)?.name == name)
        }
        for name in ["", "EST", "PST", "GMT+3", "+01:00", "Europe/Brlin", "europe/berlin", "../etc/passwd", "/"] {
            #expect(CronTimeZone(name) == nil, "\(name)")
        }
        #expect(CronTimeZone.utc == CronTimeZone("UTC"))
    }

    @Test func theNextFiringIsFoundWithinFiveMilliseconds() throws {
        let start = instant("2026-05-05T05:05")
        for name in zones {
            let zone = try #require(CronTimeZone(name))
            for text in ["* * * * *", "0 0 29 2 *", "0 * 29 2 *", "0 0 1 1 *", "0 0 30 2 *", "30 2 * * 0"] {
                let expression = try CronExpression(text)
                let times = (0..<20).map { _ in
                    ContinuousClock().measure { _ = expression.nextFiring(after: start, in: zone) }
                }
                // The shortest: the others are also about what else the machine does.
                #expect(try #require(times.min()) < .milliseconds(5), "\(text) \(zone)")
            }
        }
    }
}

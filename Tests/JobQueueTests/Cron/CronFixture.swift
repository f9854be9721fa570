import Foundation
import JobQueue
import Testing

/// Two with hours of summer time, one without, one whose summer time is half an hour, one that once left out a day.
let zones = ["Europe/Berlin", "America/New_York", "Asia/Karachi", "Australia/Lord_Howe", "Pacific/Apia"]

/// `2026-03-01T12:30` in UTC.
func instant(_ text: String) -> Date {
    guard let date = try? Date(text + ":00Z", strategy: .iso8601) else { fatalError("\(text) is no instant") }
    return date
}

/// An instant in UTC, to the minute.
func text(_ instant: Date) -> String { String(instant.formatted(.iso8601).dropLast(4)) + "Z" }

/// The first `count` firings after an instant in UTC.
func firings(_ expression: String, _ zone: String, after: String, count: Int) throws -> [String] {
    let expression = try CronExpression(expression)
    let zone = try #require(CronTimeZone(zone))
    var texts: [String] = []
    var last = instant(after)
    while texts.count < count, let next = expression.nextFiring(after: last, in: zone) {
        texts.append(text(next))
        last = next
    }
    return texts
}

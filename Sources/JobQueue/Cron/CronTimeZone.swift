// FoundationEssentials alone knows fixed offsets only.
import Foundation

/// The time zone in which a cron expression is meant.
public struct CronTimeZone: Hashable, Sendable, CustomStringConvertible {
    /// The name in the IANA database, such as `Europe/Berlin`, or `UTC`.
    public let name: String
    private let zone: TimeZone

    /// `nil` for everything but `UTC` and the names with a slash that this system knows. Abbreviations such as `EST`
    /// are refused: some of them are a fixed offset and others a zone with summer time, which few people expect.
    public init?(_ name: String) {
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
        self.name = name
        self.zone = zone
    }

    public static let utc = CronTimeZone(zone: .gmt)

    private init(zone: TimeZone) {
        self.name = "UTC"
        self.zone = zone
    }

    public var description: String { self.name }

    /// Seconds to add to UTC for the local time; `instant` in seconds since 1970.
    func offset(at instant: Int) -> Int { self.zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant))) }

    /// The first instant after `start`, up to and with `end`, at which the offset is no longer that of `start`.
    ///
    /// Meant for stretches of a few days. A zone that changes there and back within six hours is not noticed; none
    /// ever did.
    func offsetChange(after start: Int, through end: Int) -> Int? {
        let offset = self.offset(at: start)
        var before = start
        while before < end {
            var after = min(before + 6 * 3_600, end)
            if self.offset(at: after) != offset {
                while after - before > 1 {
                    let middle = before + (after - before) / 2
                    if self.offset(at: middle) == offset { before = middle } else { after = middle }
                }
                return after
            }
            before = after
        }
        return nil
    }
}

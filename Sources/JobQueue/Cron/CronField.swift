/// One of the five fields of a cron expression, in their order.
enum CronField: Int, Sendable, CaseIterable {
    case minute, hour, dayOfMonth, month, dayOfWeek

    /// As people call it.
    var name: String {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// The values `*` stands for.
    var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...6
        }
    }

    /// The numbers one may write. In the day of the week both 0 and 7 are Sunday.
    var writtenRange: ClosedRange<Int> { self == .dayOfWeek ? 0...7 : self.range }

    /// What may stand for a number, from the range's lower bound up.
    var words: [String] {
        switch self {
        case .minute, .hour, .dayOfMonth: []
        case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        }
    }

    /// For error messages: every form the field takes.
    var allowed: String {
        let numbers = "\(self.writtenRange.lowerBound)-\(self.writtenRange.upperBound)"
        let words = self.words.isEmpty ? "" : " or \(self.words[0])-\(self.words[self.words.count - 1])"
        return "allowed are *, numbers \(numbers)\(words), ranges a-b, steps */n or a-b/n, and lists of these"
    }
}

/// A cron expression that cannot be read.
public struct CronSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Names the field, what stands there and what is allowed instead.
    public let description: String

    init(_ description: String) { self.description = description }

    init(_ field: CronField, _ text: Substring, _ problem: String) {
        self.description = "\(field.name) \"\(text.prefix(40))\": \(problem); \(field.allowed)"
    }
}

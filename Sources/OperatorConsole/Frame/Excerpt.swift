import FoundationEssentials

/// Writes values so that a page stays small and reads well.
enum Excerpt {
    /// The beginning of a text that takes at most so many bytes once it is escaped, with an ellipsis where it is cut.
    static func text(_ text: String, bytes limit: Int) -> String {
        var taken = 0
        var end = text.unicodeScalars.startIndex
        for index in text.unicodeScalars.indices {
            taken += Self.bytes(text.unicodeScalars[index])
            guard taken <= limit else { return String(text.unicodeScalars[..<end]) + "…" }
            end = text.unicodeScalars.index(after: index)
        }
        return text
    }

    private static func bytes(_ scalar: UnicodeScalar) -> Int {
        switch scalar {
        case "&", "'": 5
        case "<", ">": 4
        case "\"": 6
        default: scalar.utf8.count
        }
    }

    /// A time with its day, in UTC: `2026-01-31 12:00:05`.
    static func time(_ date: Date) -> String {
        let text = date.formatted(.iso8601)
        return text.replacing("T", with: " ").replacing("Z", with: "")
    }

    /// Such as `0.25 s`, `12 s`, `3 min`, `2 h`.
    static func duration(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        switch seconds {
        case ..<1: return "\(Int((seconds * 1_000).rounded())) ms"
        case ..<10: return "\(Self.number(seconds)) s"
        case ..<120: return "\(Int(seconds)) s"
        case ..<7_200: return "\(Int(seconds) / 60) min"
        case ..<172_800: return "\(Int(seconds) / 3_600) h"
        default: return "\(Int(seconds) / 86_400) d"
        }
    }

    /// With at most one digit after the point.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 || abs(tenths) >= 1_000 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// Millionths of a US dollar.
    static func dollars(_ micros: Int64) -> String {
        let text = String(1_000_000 + micros.magnitude % 1_000_000).dropFirst()
        return "\(micros < 0 ? "-" : "")$\(micros.magnitude / 1_000_000).\(text)"
    }
}

/// An `interval`; a month has no fixed length, so intervals with months cannot be read.
extension Duration: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 1186 }
    public static var postgresArrayOID: UInt32 { 1187 }

    /// Seconds with six digits, the server's precision; what is finer is cut off.
    public var postgresText: String? {
        let (seconds, attoseconds) = self.components
        let micros = (attoseconds / 1_000_000_000_000).magnitude
        let sign = self < .zero ? "-" : ""
        let digits = String(micros)
        return "\(sign)\(seconds.magnitude).\(String(repeating: "0", count: 6 - digits.count))\(digits) seconds"
    }

    /// The `postgres` interval style: `3 days -04:05:06.789`.
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Duration {
        var total = Duration.zero
        var words = text.decodedString().split(separator: " ")[...]
        while let word = words.popFirst() {
            if word.contains(":") {
                total += try Self.clock(word)
                continue
            }
            guard let count = Int64(word), let unit = words.popFirst(), unit.hasPrefix("day") else {
                throw PostgresDecodingFailure(reason: "not an interval of days and time")
            }
            total += .seconds(count * 86_400)
        }
        return total
    }

    private static func clock(_ word: Substring) throws(PostgresDecodingFailure) -> Duration {
        let isNegative = word.hasPrefix("-")
        let parts = word.drop(while: { $0 == "-" || $0 == "+" }).split(separator: ":")
        guard parts.count == 3, let hours = Int64(parts[0]), let minutes = Int64(parts[1]) else {
            throw PostgresDecodingFailure(reason: "not an interval of days and time")
        }
        let second = parts[2].split(separator: ".")
        guard let whole = second.first.flatMap({ Int64($0) }), second.count <= 2 else {
            throw PostgresDecodingFailure(reason: "not an interval of days and time")
        }
        var micros: Int64 = 0
        if second.count == 2 {
            let padded = second[1] + String(repeating: "0", count: max(0, 6 - second[1].count))
            guard padded.utf8.count == 6, let value = Int64(padded) else {
                throw PostgresDecodingFailure(reason: "not an interval of days and time")
            }
            micros = value
        }
        let duration = Duration.seconds(hours * 3600 + minutes * 60 + whole) + .microseconds(micros)
        return isNegative ? .zero - duration : duration
    }
}

extension Duration {
    /// Reads `500ms`, `90s`, `15m`, `2h` or `30d`: a whole number and one unit. A day has 24 hours.
    public init?(shorthand text: some StringProtocol) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int64(digits),
            let unit = Duration.units.first(where: { $0.name == text[digits.endIndex...] })
        else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// The same in the largest unit that leaves no rest. Parts of a millisecond are dropped.
    public var shorthand: String {
        let milliseconds = self / .milliseconds(1)
        let whole = Int64(milliseconds.rounded(.towardZero))
        let unit = Duration.units.first { whole % $0.milliseconds == 0 && abs(whole) >= $0.milliseconds }
        return unit.map { "\(whole / $0.milliseconds)\($0.name)" } ?? "\(whole / 1_000)s"
    }

    /// The largest first.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
}

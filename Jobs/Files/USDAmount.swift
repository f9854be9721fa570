/// Amounts in US dollars as operators write them.
enum USDAmount {
    /// Millionths of a decimal number, exactly; `nil` for what is none, or above a million dollars.
    static func micros(_ text: String) -> Int64? {
        guard let match = text.wholeMatch(of: /([0-9]{1,7})(?:\.([0-9]{1,6}))?/), let whole = Int64(match.output.1)
        else {
            return nil
        }
        let decimals = match.output.2 ?? ""
        guard let rest = Int64(decimals + String(repeating: "0", count: 6 - decimals.count)) else { return nil }
        let micros = whole * 1_000_000 + rest
        return micros <= 1_000_000_000_000 ? micros : nil
    }
}

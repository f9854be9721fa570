/// What a caller accepts (RFC 9110, section 12.5.1), as far as we have a choice to offer.
enum Accept {
    /// Whether `type` is asked for by name and at least as much as `other`.
    static func prefers(_ type: String, to other: String, _ fields: [String]) -> Bool {
        let ranges = fields.flatMap { $0.lowercased().split(separator: ",") }.map(Self.range)
        guard let wanted = ranges.last(where: { $0.type == type })?.quality, wanted > 0 else { return false }
        return wanted >= (ranges.last { $0.type == other }?.quality ?? 0)
    }

    private static func range(_ text: Substring) -> (type: String, quality: Double) {
        let parts = text.split(separator: ";").map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined() }
        let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
        return (parts.first ?? "", quality ?? 1)
    }
}

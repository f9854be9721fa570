/// What a caller prefers about the time of the answer (RFC 7240).
struct Preference: Hashable, Sendable {
    /// How long the caller wants to wait, at most ``maximumWait``; `nil` without a readable `wait`.
    var wait: Duration?
    /// The words for `Preference-Applied`; `nil` when nothing was honoured.
    var applied: String?

    /// In seconds.
    static let maximumWait = 30

    /// Reads the values of all `Prefer` fields. What is unknown or malformed is ignored, as the RFC asks.
    init(_ fields: [String]) {
        var respondsAsync = false
        for preference in fields.flatMap({ $0.split(separator: ",") }) {
            let parts = preference.split(separator: ";", maxSplits: 1)
            guard let pair = parts.first?.split(separator: "=", maxSplits: 1).map({ Self.trimmed($0) }) else {
                continue
            }
            switch pair.first?.lowercased() {
            case "wait" where self.wait == nil && pair.count == 2:
                // More digits than an Int holds still mean "as long as possible".
                guard !pair[1].isEmpty, pair[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
                self.wait = .seconds(min(Int(pair[1]) ?? Self.maximumWait, Self.maximumWait))
            case "respond-async":
                respondsAsync = true
            default:
                continue
            }
        }
        if let wait {
            self.applied = (respondsAsync ? "respond-async, " : "") + "wait=\(wait.components.seconds)"
        } else if respondsAsync {
            self.applied = "respond-async"
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...last]
    }
}

/// The condition of an `If-Match` header (RFC 9110, section 13.1.1).
public enum IfMatch: Hashable, Sendable {
    /// `*`: any stored version will do.
    case any
    /// Strong entity tags with their quotes; weak ones never match and are left out.
    case tags([String])

    /// Reads the header's value; `nil` when it is neither `*` nor a list of entity tags.
    public init?(_ header: String) {
        guard header.utf8.count <= 4096 else { return nil }
        let value = header.trimmingBlanks()
        if value == "*" {
            self = .any
            return
        }
        var tags: [String] = []
        var rest = value[...]
        while !rest.isEmpty {
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { return nil }
            if !isWeak { tags.append(String(rest[...end])) }
            rest = rest[rest.index(after: end)...].drop { $0 == " " || $0 == "\t" }
            guard let comma = rest.first else { break }
            guard comma == "," else { return nil }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { return nil }
        }
        guard !value.isEmpty else { return nil }
        self = .tags(tags)
    }
}

extension String {
    fileprivate func trimmingBlanks() -> Substring {
        let start = self.drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return start[...last]
    }
}

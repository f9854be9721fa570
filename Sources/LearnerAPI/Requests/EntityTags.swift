/// The condition of `If-None-Match` (RFC 9110, section 13.1.2), which compares weakly.
enum EntityTags {
    /// Whether a cached answer under `tag` is still good.
    static func match(_ fields: [String], tag: String) -> Bool {
        fields.flatMap { $0.split(separator: ",") }.contains { candidate in
            let value = candidate.drop { $0 == " " || $0 == "\t" }
            guard let end = value.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return false }
            let text = value[...end]
            return text == "*" || text == tag || text == "W/" + tag
        }
    }
}

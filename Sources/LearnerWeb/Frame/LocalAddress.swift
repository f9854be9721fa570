/// The address of a page of ours that a form or a link brings along. Never leads to another site.
struct LocalAddress: Hashable, Sendable {
    let text: String

    /// Accepts a path with a query and a fragment; `nil` for everything that a browser could read as another site:
    /// `//host`, a backslash (read as a slash), and blanks or control characters (left out when it reads).
    init?(_ text: String?) {
        guard let text, text.utf8.count <= 2_048, text.hasPrefix("/"), !text.hasPrefix("//"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        self.text = text
    }
}

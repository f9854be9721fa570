import FoundationEssentials

/// Text in an HTTP header field (2026-07-28, Value Encoding): plain where it is safe, else base64 between markers.
enum MCPHeaderValue {
    private static let prefix = "=?base64?"
    private static let suffix = "?="

    static func encode(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        let hasOuterSpace = text.hasPrefix(" ") || text.hasSuffix(" ")
        let looksEncoded = text.hasPrefix(self.prefix) && text.hasSuffix(self.suffix)
        if isPlain, !hasOuterSpace, !looksEncoded, !text.isEmpty { return text }
        return self.prefix + Data(text.utf8).base64EncodedString() + self.suffix
    }

    /// The text that was meant; `nil` where it is marked as base64 and is none.
    static func decode(_ value: String) -> String? {
        guard value.hasPrefix(self.prefix), value.hasSuffix(self.suffix),
            value.utf8.count >= self.prefix.utf8.count + self.suffix.utf8.count
        else { return value }
        let base64 = String(value.dropFirst(self.prefix.count).dropLast(self.suffix.count))
        guard let data = Data(base64Encoded: base64) else { return nil }
        return String(validating: data, as: UTF8.self)
    }
}

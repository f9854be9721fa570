/// The rule for names that become folders: 1 to 63 lowercase letters, digits, `_`, `-` and `.`, beginning with a letter or
/// a digit.
///
/// Uppercase is refused rather than folded, so that a name is one name on every file system.
package enum PlainName {
    /// The rule in words, to follow "a … name has".
    package static let rule =
        "1 to 63 lowercase letters, digits, '_', '-' or '.', and begins with a letter or a digit"

    package static func isValid(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 63, self.isAlphanumeric(first) else { return false }
        return text.utf8.allSatisfy { self.isAlphanumeric($0) || "_-.".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

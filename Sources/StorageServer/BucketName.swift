/// The name of a bucket: 1 to 63 lowercase letters, digits, `_`, `-` and `.`, beginning with a letter or a digit.
///
/// Uppercase is refused rather than folded, so that a bucket has one name on every file system.
public struct BucketName: Hashable, Sendable, CustomStringConvertible {
    let text: String

    /// Throws ``StorageError`` with code `invalidArgument`.
    public init(_ text: String) throws(StorageError) {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
        let beginsWell = text.utf8.first.map { !".-_".utf8.contains($0) } ?? false
        guard isPlain, beginsWell, text.utf8.count <= 63 else {
            throw StorageError(
                .invalidArgument,
                "A bucket name has 1 to 63 lowercase letters, digits, '_', '-' or '.', and begins with a letter or digit."
            )
        }
        self.text = text
    }

    public var description: String { self.text }
}

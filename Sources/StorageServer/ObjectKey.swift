/// The key of an object: segments of UTF-8 text divided by `/`, 1,024 bytes at most.
///
/// Keys are compared byte by byte. Two spellings of one accented letter are therefore two keys, as `A` and `a` are, and
/// neither a file system nor Swift's notion of equal strings can make one object overwrite another.
public struct ObjectKey: Hashable, Sendable, CustomStringConvertible {
    static let maximumBytes = 1024

    /// The UTF-8 form.
    let bytes: [UInt8]

    /// Throws ``StorageError`` with code `invalidArgument` and the rule that is broken.
    public init(_ text: String) throws(StorageError) {
        let bytes = Array(text.utf8)
        try Self.checkCharacters(bytes, what: "key")
        guard !bytes.isEmpty else { throw Self.broken("key", "is empty") }
        guard bytes.first != UInt8(ascii: "/") else { throw Self.broken("key", "begins with '/'") }
        for segment in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if segment.isEmpty { throw Self.broken("key", "has an empty segment") }
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
                throw Self.broken("key", "has a segment '.' or '..'")
            }
        }
        self.bytes = bytes
    }

    /// A key read back from the disk, which was checked when it was written.
    init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Checks the beginning of a key that a listing is asked for, which may be empty or end in mid-segment.
    static func prefix(_ text: String) throws(StorageError) -> [UInt8] {
        let bytes = Array(text.utf8)
        try self.checkCharacters(bytes, what: "prefix")
        return bytes
    }

    private static func checkCharacters(_ bytes: [UInt8], what: String) throws(StorageError) {
        guard bytes.count <= self.maximumBytes else { throw self.broken(what, "is longer than 1,024 bytes") }
        for (index, byte) in bytes.enumerated() {
            // The C1 controls U+0080…U+009F are C2 80…C2 9F in UTF-8.
            let isC1 = byte == 0xC2 && index + 1 < bytes.count && bytes[index + 1] < 0xA0
            if byte < 0x20 || byte == 0x7F || isC1 {
                throw self.broken(what, "has a control character at byte \(index)")
            }
            if byte == UInt8(ascii: "\\") { throw self.broken(what, "has a backslash at byte \(index)") }
        }
    }

    private static func broken(_ what: String, _ rule: String) -> StorageError {
        StorageError(.invalidArgument, "The \(what) \(rule).")
    }

    public var description: String { String(decoding: self.bytes, as: UTF8.self) }
}

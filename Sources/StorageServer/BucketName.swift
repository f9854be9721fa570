import MCPServing

/// The name of a bucket: 1 to 63 lowercase letters, digits, `_`, `-` and `.`, beginning with a letter or a digit.
public struct BucketName: Hashable, Sendable, CustomStringConvertible {
    let text: String

    /// Throws ``StorageError`` with code `invalidArgument`.
    public init(_ text: String) throws(StorageError) {
        guard PlainName.isValid(text) else {
            throw StorageError(.invalidArgument, "A bucket name has \(PlainName.rule).")
        }
        self.text = text
    }

    public var description: String { self.text }
}

import MCPServing

/// The name of a collection: 1 to 63 lowercase letters, digits, `_`, `-` and `.`, beginning with a letter or a digit.
public struct CollectionName: Hashable, Sendable, CustomStringConvertible {
    let text: String

    /// Throws ``VectorError`` with code `invalidArgument`.
    public init(_ text: String) throws(VectorError) {
        guard PlainName.isValid(text) else {
            throw VectorError(.invalidArgument, "A collection name has \(PlainName.rule).")
        }
        self.text = text
    }

    public var description: String { self.text }
}

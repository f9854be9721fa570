/// Why Markdown was not rendered: one of the limits that keep hostile input from costing too much.
public struct MarkdownError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which limit.
    public struct Code: Hashable, Sendable {
        private enum Value { case tooLarge, tooDeep, tooManyCells, tooComplex, outputTooLarge }
        private let value: Value

        /// The Markdown has too many bytes.
        public static let tooLarge = Code(value: .tooLarge)
        /// Quotes, lists or brackets nest too deep.
        public static let tooDeep = Code(value: .tooDeep)
        /// The tables have too many cells.
        public static let tooManyCells = Code(value: .tooManyCells)
        /// A paragraph has more markup than a person would write.
        public static let tooComplex = Code(value: .tooComplex)
        /// The HTML would have too many bytes.
        public static let outputTooLarge = Code(value: .outputTooLarge)
    }

    public let code: Code
    /// Names the limit and, where there is one, the line.
    public let message: String

    public var description: String { self.message }
}

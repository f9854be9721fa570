/// A book as read, with all there is to say about its files.
public struct BookReading: Sendable, Hashable {
    /// The book, as far as it could be read.
    public var book: Book
    /// What authors should know, by file and line.
    public var findings: [Finding]

    /// Whether nothing keeps the book from being published.
    public var isPublishable: Bool {
        !self.findings.contains { $0.severity == .error }
    }
}

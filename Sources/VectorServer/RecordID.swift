/// The name of a record in its collection.
///
/// Ids are compared and ordered byte by byte: Swift would take two spellings of one accented letter for equal.
struct RecordID: Hashable, Comparable, Sendable {
    static let maximumBytes = 256

    let text: String

    static func == (left: RecordID, right: RecordID) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    static func < (left: RecordID, right: RecordID) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = self.text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Checks an id from outside; `place` is named in the error.
    init(checking text: String, at place: String) throws(VectorError) {
        guard (1...Self.maximumBytes).contains(text.utf8.count), !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw VectorError(
                .invalidArgument, "\(place) has 1 to \(Self.maximumBytes) bytes and no control characters.")
        }
        self.text = text
    }

    /// An id that was checked when it was written.
    init(unchecked text: String) {
        self.text = text
    }
}

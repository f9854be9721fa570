/// The bullet or number that opens a list item (CommonMark 0.31, section 5.2).
struct ListMarker: Hashable {
    /// What two items of one list share: the bullet, or the delimiter after the number.
    var delimiter: UInt8
    var isOrdered: Bool
    /// Bytes of the marker itself.
    var length: Int

    /// Reads a marker at the line's first byte that is not white space.
    ///
    /// - Parameter interruptsParagraph: then only an item with text counts, and of numbers only 1.
    init?(_ bytes: Bytes, _ line: Range<Int>, interruptsParagraph: Bool) {
        let first = bytes[line.lowerBound]
        var place = line.lowerBound
        if first == UInt8(ascii: "-") || first == UInt8(ascii: "*") || first == UInt8(ascii: "+") {
            place += 1
            self.delimiter = first
            self.isOrdered = false
        } else {
            var number = 0
            while place < line.upperBound, bytes[place].isDigit, place - line.lowerBound < 9 {
                number = number * 10 + Int(bytes[place] - 0x30)
                place += 1
            }
            guard place > line.lowerBound, place < line.upperBound else { return nil }
            guard bytes[place] == UInt8(ascii: ".") || bytes[place] == UInt8(ascii: ")") else { return nil }
            if interruptsParagraph, number != 1 { return nil }
            self.delimiter = bytes[place]
            self.isOrdered = true
            place += 1
        }
        guard place == line.upperBound || bytes[place].isSpaceOrTab else { return nil }
        if interruptsParagraph, bytes.trimmed(place..<line.upperBound).isEmpty { return nil }
        self.length = place - line.lowerBound
    }

    /// Whether an item with this marker continues a list of the other's.
    func continues(_ other: ListMarker) -> Bool {
        self.delimiter == other.delimiter && self.isOrdered == other.isOrdered
    }
}

/// Finds fenced code inside a list or a quotation, whose lines begin with the container's own marks.
enum NestedFences {
    /// The ranges from the opening fence's first marker to the end of the closing fence's line.
    static func ranges(in bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var open: (start: Int, marker: UInt8, length: Int)?
        var line = range.lowerBound
        while line < range.upperBound {
            let end = self.endOfLine(bytes, from: line, limit: range.upperBound)
            let text = self.afterContainerMarks(bytes, line..<end, acceptsListMarkers: open == nil)
            let marker = text < end ? bytes[text] : 0
            if marker == UInt8(ascii: "`") || marker == UInt8(ascii: "~") {
                let length = (bytes[text..<end].firstIndex { $0 != marker } ?? end) - text
                let rest = bytes[(text + length)..<end]
                if let fence = open {
                    if marker == fence.marker, length >= fence.length, rest.allSatisfy({ $0 <= 0x20 }) {
                        found.append(fence.start..<end)
                        open = nil
                    }
                } else if length >= 3, marker == UInt8(ascii: "~") || !rest.contains(UInt8(ascii: "`")) {
                    open = (text, marker, length)
                }
            }
            line = end
        }
        if let open { found.append(open.start..<range.upperBound) }
        return found
    }

    private static func endOfLine(_ bytes: [UInt8], from start: Int, limit: Int) -> Int {
        guard let end = bytes[start..<limit].firstIndex(where: \.isLineEnd) else { return limit }
        let isPair = bytes[end] == 0x0D && end + 1 < limit && bytes[end + 1] == 0x0A
        return end + (isPair ? 2 : 1)
    }

    private static func afterContainerMarks(_ bytes: [UInt8], _ line: Range<Int>, acceptsListMarkers: Bool) -> Int {
        var index = line.lowerBound
        while index < line.upperBound {
            let byte = bytes[index]
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: ">") {
                index += 1
            } else if acceptsListMarkers, let end = self.endOfListMarker(bytes, index..<line.upperBound) {
                index = end
            } else {
                break
            }
        }
        return index
    }

    private static func endOfListMarker(_ bytes: [UInt8], _ line: Range<Int>) -> Int? {
        var index = line.lowerBound
        if bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "*") || bytes[index] == UInt8(ascii: "+") {
            index += 1
        } else {
            while index < line.upperBound, bytes[index].isASCIIDigit { index += 1 }
            guard index > line.lowerBound, index < line.upperBound,
                bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: ")")
            else { return nil }
            index += 1
        }
        guard index < line.upperBound, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") else {
            return nil
        }
        return index
    }
}

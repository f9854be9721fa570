/// Rows of GFM tables (GFM 0.29, section 4.10).
enum TableRow {
    /// The columns of a delimiter row such as `| :-- | --: |`; `nil` if the line is none.
    static func delimiterColumns(_ bytes: Bytes, _ line: Range<Int>) -> Int? {
        var place = line.lowerBound
        let end = bytes.trimmed(line).upperBound
        var columns = 0
        if place < end, bytes[place] == UInt8(ascii: "|") { place += 1 }
        while place < end {
            while place < end, bytes[place].isSpaceOrTab { place += 1 }
            if place < end, bytes[place] == UInt8(ascii: ":") { place += 1 }
            let dashes = BlockStart.run(of: UInt8(ascii: "-"), bytes, place..<end)
            guard dashes > 0 else { return nil }
            place += dashes
            if place < end, bytes[place] == UInt8(ascii: ":") { place += 1 }
            while place < end, bytes[place].isSpaceOrTab { place += 1 }
            columns += 1
            guard place < end else { break }
            guard bytes[place] == UInt8(ascii: "|") else { return nil }
            place += 1
        }
        return columns > 0 ? columns : nil
    }

    /// The cells of any row: pieces between pipes that no backslash escapes, outer pipes being optional. White space
    /// before the first pipe makes a cell of its own, as in libcmark-gfm.
    static func cells(_ bytes: Bytes, _ line: Range<Int>) -> Int {
        let text = line.lowerBound..<Swift.max(line.lowerBound, bytes.trimmed(line).upperBound)
        guard !text.isEmpty else { return 0 }
        var place = text.lowerBound
        var pipes = 0
        var lastPipe = -1
        let hasLeadingPipe = bytes[place] == UInt8(ascii: "|")
        if hasLeadingPipe { place += 1 }
        while place < text.upperBound {
            if bytes[place] == UInt8(ascii: "\\") {
                place += 1
            } else if bytes[place] == UInt8(ascii: "|") {
                pipes += 1
                lastPipe = place
            }
            place += 1
        }
        if hasLeadingPipe, text.count == 1 { return 0 }
        return lastPipe == text.upperBound - 1 ? pipes : pipes + 1
    }
}

/// Where front matter stands in a file: between a first line `---` and the next line that is `---`.
struct FrontMatterSpan {
    /// The YAML's bytes.
    var content: Range<Int>
    /// The offset after the closing line; `nil` if there is none.
    var end: Int?

    /// `nil` if the text does not begin with `---`.
    init?(_ bytes: Bytes, end textEnd: Int) {
        var start = 0
        if textEnd >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { start = 3 }
        var next = start
        guard let first = FrontMatterSpan.line(bytes, &next, textEnd), FrontMatterSpan.isDelimiter(bytes, first) else {
            return nil
        }
        let content = next
        while let line = FrontMatterSpan.line(bytes, &next, textEnd) {
            if FrontMatterSpan.isDelimiter(bytes, line) {
                self.content = content..<line.lowerBound
                self.end = next
                return
            }
        }
        self.content = content..<textEnd
        self.end = nil
    }

    private static func line(_ bytes: Bytes, _ next: inout Int, _ textEnd: Int) -> Range<Int>? {
        guard next < textEnd else { return nil }
        let start = next
        var end = start
        while end < textEnd, bytes[end] != .lineFeed, bytes[end] != .carriageReturn { end += 1 }
        next = end
        if next < textEnd, bytes[next] == .carriageReturn { next += 1 }
        if next < textEnd, bytes[next] == .lineFeed, next == end || bytes[next - 1] == .carriageReturn { next += 1 }
        return start..<end
    }

    private static func isDelimiter(_ bytes: Bytes, _ line: Range<Int>) -> Bool {
        line.count >= 3 && bytes.spells("---", at: line.lowerBound, before: line.upperBound)
            && bytes.trimmed((line.lowerBound + 3)..<line.upperBound).isEmpty
    }
}

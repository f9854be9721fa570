extension BlockScan {
    /// Whether the open paragraph holds text besides link reference definitions, at the top level; inside containers
    /// the question changes no top-level block.
    var paragraphCanBeHeading: Bool {
        guard self.containers.isEmpty, let top = self.top else { return true }
        var start = top.start
        while start < self.line.lowerBound {
            var end = start
            while self.bytes[end] != .lineFeed, self.bytes[end] != .carriageReturn { end += 1 }
            if !BlockStart.isLinkDefinition(self.bytes, start..<end) { return true }
            start = end + 1
            if start < self.line.lowerBound, self.bytes[end] == .carriageReturn, self.bytes[start] == .lineFeed {
                start += 1
            }
        }
        return false
    }

    /// Makes the open paragraph a heading, this line being its underline.
    mutating func endSetextHeading(level: Int) {
        self.leaf = .none
        self.continueTop()
        guard self.containers.isEmpty, var top = self.top else { return }
        top.kind = .heading(HeadingText.setext(self.bytes, top.start..<self.line.lowerBound, level: level))
        self.top = top
    }

    /// Whether this line is the delimiter row of a table whose header is the open paragraph's last line.
    func startsTable(_ cursor: LineCursor) -> Bool {
        guard cursor.indent < 4 else { return false }
        let first = cursor.next
        guard first == UInt8(ascii: "|") || first == UInt8(ascii: ":") || first == UInt8(ascii: "-") else {
            return false
        }
        guard let columns = TableRow.delimiterColumns(self.bytes, cursor.rest) else { return false }
        return TableRow.cells(self.bytes, self.lastTextLine) == columns
    }

    /// Where a formula that begins with this line ends, as an offset just after its last line; `nil` if it is none.
    mutating func mathEnd(_ rest: Range<Int>, interrupts: Bool) -> Int? {
        guard self.bytes.spells("$$", at: rest.lowerBound, before: rest.upperBound) else { return nil }
        let text = self.bytes.trimmed((rest.lowerBound + 2)..<rest.upperBound)
        if self.closesMath(text) {
            return text.count > 2 && self.bytes.first("$$", in: text) == text.upperBound - 2 ? self.nextLine : nil
        }
        let isOneParagraph = !text.isEmpty
        if isOneParagraph, interrupts || self.bytes.first("$$", in: text) != nil { return nil }
        if self.hasNoMathEnd, !isOneParagraph { return nil }
        var start = self.nextLine
        while start < self.range.upperBound {
            var end = start
            while end < self.range.upperBound, self.bytes[end] != .lineFeed { end += 1 }
            var line = self.bytes.trimmed(start..<end)
            if !line.isEmpty, self.bytes[line.upperBound - 1] == .carriageReturn {
                line = self.bytes.trimmed(line.lowerBound..<(line.upperBound - 1))
            }
            start = Swift.min(end + 1, self.range.upperBound)
            if self.closesMath(line) { return start }
            if isOneParagraph, line.isEmpty { return nil }
        }
        if !isOneParagraph { self.hasNoMathEnd = true }
        return nil
    }

    private func closesMath(_ line: Range<Int>) -> Bool {
        line.count >= 2 && self.bytes.spells("$$", at: line.upperBound - 2, before: line.upperBound)
    }
}

/// A view of the text's bytes, valid within one scan.
typealias Bytes = UnsafeBufferPointer<UInt8>

/// A place in one line that knows its column, because a tab stands for as many spaces as lead to the next multiple
/// of four (CommonMark 0.31, section 2.2) and a container may take only some of them.
struct LineCursor {
    private let bytes: Bytes
    /// Where the line's text ends, its line ending excluded.
    let end: Int
    private(set) var offset: Int
    private(set) var column = 0
    /// The first byte at or after `offset` that is neither space nor tab; `end` on a blank rest.
    private(set) var firstNonspace: Int
    private var firstNonspaceColumn = 0

    init(bytes: Bytes, start: Int, end: Int) {
        self.bytes = bytes
        self.offset = start
        self.end = end
        self.firstNonspace = start
        self.findFirstNonspace()
    }

    /// Columns of white space ahead.
    var indent: Int { self.firstNonspaceColumn - self.column }
    /// Whether only white space is left.
    var isBlank: Bool { self.firstNonspace >= self.end }
    /// The first byte that is not white space, 0 on a blank rest.
    var next: UInt8 { self.isBlank ? 0 : self.bytes[self.firstNonspace] }
    /// What is left from the first byte that is not white space.
    var rest: Range<Int> { self.firstNonspace..<self.end }

    private mutating func findFirstNonspace() {
        var place = self.offset
        var column = self.column
        while place < self.end {
            if self.bytes[place] == .space {
                column += 1
            } else if self.bytes[place] == .tab {
                column += 4 - column % 4
            } else {
                break
            }
            place += 1
        }
        self.firstNonspace = place
        self.firstNonspaceColumn = column
    }

    /// Moves on by columns of white space; a tab may be taken in part.
    mutating func advance(columns: Int) {
        var left = columns
        while left > 0, self.offset < self.end {
            if self.bytes[self.offset] == .tab {
                let toStop = 4 - self.column % 4
                let step = Swift.min(left, toStop)
                self.column += step
                left -= step
                if step == toStop { self.offset += 1 }
            } else {
                self.offset += 1
                self.column += 1
                left -= 1
            }
        }
        self.findFirstNonspace()
    }

    /// Moves to the first byte that is not white space and `count` bytes past it.
    mutating func advancePastIndent(bytes count: Int) {
        self.column = self.firstNonspaceColumn + count
        self.offset = self.firstNonspace + count
        self.findFirstNonspace()
    }

    /// Moves past one space or one column of a tab, if there is one.
    mutating func skipOptionalSpace() {
        guard self.offset < self.end, self.bytes[self.offset] == .space || self.bytes[self.offset] == .tab else {
            return
        }
        self.advance(columns: 1)
    }
}

extension UInt8 {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")

    var isSpaceOrTab: Bool { self == .space || self == .tab }
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }
    /// White space as HTML tags know it, within one line.
    var isTagSpace: Bool { self == .space || (self >= 0x09 && self <= 0x0D) }
    var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the bytes from `place` spell `word`, case counting.
    func spells(_ word: StaticString, at place: Int, before end: Int) -> Bool {
        let count = word.utf8CodeUnitCount
        guard place + count <= end else { return false }
        for index in 0..<count where self[place + index] != word.utf8Start[index] { return false }
        return true
    }

    /// Where `word` first begins in the range.
    func first(_ word: StaticString, in range: Range<Int>) -> Int? {
        let first = word.utf8Start[0]
        var place = range.lowerBound
        while place < range.upperBound {
            if self[place] == first, self.spells(word, at: place, before: range.upperBound) { return place }
            place += 1
        }
        return nil
    }

    /// The range without spaces and tabs at both ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high, self[low].isSpaceOrTab { low += 1 }
        while high > low, self[high - 1].isSpaceOrTab { high -= 1 }
        return low..<high
    }

    /// The range as text; broken UTF-8 becomes U+FFFD.
    func text(_ range: Range<Int>) -> String {
        String(decoding: self[range], as: UTF8.self)
    }
}

/// Code as bytes of UTF-8, with the looks around that every scanner needs. Positions beyond the end hold NUL, which no
/// Markdown holds.
struct CodeText: Sendable {
    let bytes: [UInt8]
    /// Where the text ends for the scanner.
    let end: Int

    init(_ bytes: [UInt8], end: Int? = nil) {
        self.bytes = bytes
        self.end = end ?? bytes.count
    }

    subscript(_ index: Int) -> UInt8 {
        index >= 0 && index < self.end ? self.bytes[index] : 0
    }

    func starts(with text: StaticString, at index: Int) -> Bool {
        guard index + text.utf8CodeUnitCount <= self.end else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { self.bytes[index + $0] == text.utf8Start[$0] }
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: self.bytes[range], as: UTF8.self)
    }

    /// Where the run of bytes that satisfy the condition ends.
    func end(of run: Int, while condition: (UInt8) -> Bool) -> Int {
        var index = run
        while index < self.end, condition(self.bytes[index]) { index += 1 }
        return index
    }

    /// Where the line ends: its line feed, or the end.
    func lineEnd(from index: Int) -> Int {
        self.end(of: index) { $0 != UInt8(ascii: "\n") }
    }

    /// The end of what begins at `index` and ends with `closing`; the text's end where that never comes.
    func end(of index: Int, closedBy closing: StaticString) -> Int {
        var index = index
        while index < self.end {
            if self.starts(with: closing, at: index) { return index + closing.utf8CodeUnitCount }
            index += 1
        }
        return self.end
    }

    /// The end of a text in quotes whose content begins at `index`; a line's end also ends it, unless it may go on.
    func endOfString(from index: Int, quote: UInt8, hasEscapes: Bool, maySpanLines: Bool) -> Int {
        var index = index
        while index < self.end {
            switch self.bytes[index] {
            case quote: return index + 1
            case UInt8(ascii: "\n") where !maySpanLines: return index
            case UInt8(ascii: "\\") where hasEscapes && self[index + 1] != UInt8(ascii: "\n"): index += 2
            default: index += 1
            }
        }
        return self.end
    }

    /// The end of a number that begins at `index`: digits, letters of bases and units, separators and an exponent.
    func endOfNumber(from index: Int) -> Int {
        var index = index
        while index < self.end {
            let byte = self.bytes[index]
            if byte.isWord {
                index += 1
            } else if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "'"), self[index + 1].isDigit {
                index += 1
            } else if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"), self[index - 1] | 0x20 == UInt8(ascii: "e"),
                self[index + 1].isDigit
            {
                index += 1
            } else {
                break
            }
        }
        return index
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    /// A letter of ASCII, an underscore, or part of a character beyond ASCII.
    var isWordStart: Bool {
        (0x61...0x7A).contains(self | 0x20) && self < 0x80 || self == UInt8(ascii: "_") || self >= 0x80
    }
    var isWord: Bool { self.isWordStart || self.isDigit }
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    var isSpace: Bool { self.isBlank || self == 0x0A || self == 0x0D }
}

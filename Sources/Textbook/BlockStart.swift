/// The line forms that open a block, as CommonMark 0.31 chapter 4 and 5 and GFM define them.
///
/// Every function looks at the rest of one line, given from its first byte that is not white space.
enum BlockStart {
    /// An ATX heading's level (section 4.2).
    static func headingLevel(_ bytes: Bytes, _ line: Range<Int>) -> Int? {
        var place = line.lowerBound
        while place < line.upperBound, bytes[place] == UInt8(ascii: "#") { place += 1 }
        let level = place - line.lowerBound
        guard (1...6).contains(level) else { return nil }
        return place == line.upperBound || bytes[place].isSpaceOrTab ? level : nil
    }

    /// Level 1 for a line of `=`, level 2 for a line of `-` (section 4.3).
    static func setextLevel(_ bytes: Bytes, _ line: Range<Int>) -> Int? {
        let marker = bytes[line.lowerBound]
        guard marker == UInt8(ascii: "=") || marker == UInt8(ascii: "-") else { return nil }
        let text = bytes.trimmed(line)
        for place in text where bytes[place] != marker { return nil }
        return marker == UInt8(ascii: "=") ? 1 : 2
    }

    /// Three or more of one of `*-_`, white space anywhere between (section 4.1).
    static func isThematicBreak(_ bytes: Bytes, _ line: Range<Int>) -> Bool {
        let marker = bytes[line.lowerBound]
        guard marker == UInt8(ascii: "*") || marker == UInt8(ascii: "-") || marker == UInt8(ascii: "_") else {
            return false
        }
        var count = 0
        for place in line {
            if bytes[place] == marker {
                count += 1
            } else if !bytes[place].isSpaceOrTab {
                return false
            }
        }
        return count >= 3
    }

    /// How many markers open a code fence (section 4.5); the info string of a backtick fence holds no backtick.
    static func fenceLength(_ bytes: Bytes, _ line: Range<Int>) -> Int? {
        let marker = bytes[line.lowerBound]
        guard marker == UInt8(ascii: "`") || marker == UInt8(ascii: "~") else { return nil }
        let length = self.run(of: marker, bytes, line)
        guard length >= 3 else { return nil }
        if marker == UInt8(ascii: "`") {
            for place in (line.lowerBound + length)..<line.upperBound where bytes[place] == marker { return nil }
        }
        return length
    }

    /// Whether the line closes a fence of `length` markers.
    static func closesFence(_ bytes: Bytes, _ line: Range<Int>, marker: UInt8, length: Int) -> Bool {
        let count = self.run(of: marker, bytes, line)
        guard count >= length else { return false }
        return bytes.trimmed((line.lowerBound + count)..<line.upperBound).isEmpty
    }

    /// The colons of a line that opens a container: `:::name`, whatever follows.
    static func admonitionOpening(_ bytes: Bytes, _ line: Range<Int>) -> (colons: Int, name: Range<Int>)? {
        let colons = self.run(of: UInt8(ascii: ":"), bytes, line)
        guard colons >= 3 else { return nil }
        var start = line.lowerBound + colons
        while start < line.upperBound, bytes[start].isSpaceOrTab { start += 1 }
        guard start < line.upperBound, bytes[start].isLetter else { return nil }
        var end = start
        while end < line.upperBound,
            bytes[end].isLetter || bytes[end].isDigit || bytes[end] == UInt8(ascii: "-")
                || bytes[end] == UInt8(ascii: "_")
        {
            end += 1
        }
        guard
            end == line.upperBound || bytes[end].isSpaceOrTab || bytes[end] == UInt8(ascii: "[")
                || bytes[end] == UInt8(ascii: "{")
        else { return nil }
        return (colons, start..<end)
    }

    /// The colons of a line that closes a container: three or more and nothing else.
    static func admonitionClosing(_ bytes: Bytes, _ line: Range<Int>) -> Int? {
        let colons = self.run(of: UInt8(ascii: ":"), bytes, line)
        guard colons >= 3 else { return nil }
        return bytes.trimmed((line.lowerBound + colons)..<line.upperBound).isEmpty ? colons : nil
    }

    /// Whether a paragraph that begins with this line is MDX `import` or `export`.
    static func isModuleStatement(_ bytes: Bytes, _ line: Range<Int>) -> Bool {
        if bytes.spells("import ", at: line.lowerBound, before: line.upperBound) {
            let rest = bytes.trimmed((line.lowerBound + 7)..<line.upperBound)
            guard let first = rest.first.map({ bytes[$0] }) else { return false }
            if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") || first == UInt8(ascii: "{") { return true }
            return bytes.first(" from '", in: rest) != nil || bytes.first(" from \"", in: rest) != nil
        }
        guard bytes.spells("export ", at: line.lowerBound, before: line.upperBound) else { return false }
        let words: [StaticString] = ["const ", "let ", "var ", "function ", "default ", "class ", "async ", "{", "*"]
        return words.contains { bytes.spells($0, at: line.lowerBound + 7, before: line.upperBound) }
    }

    /// Whether the line is one link reference definition (section 4.7), `[label]: target "title"`.
    static func isLinkDefinition(_ bytes: Bytes, _ line: Range<Int>) -> Bool {
        let line = bytes.trimmed(line)
        guard !line.isEmpty, bytes[line.lowerBound] == UInt8(ascii: "[") else { return false }
        var place = line.lowerBound + 1
        var hasLabel = false
        while place < line.upperBound, bytes[place] != UInt8(ascii: "]") {
            if bytes[place] == UInt8(ascii: "[") { return false }
            if bytes[place] == UInt8(ascii: "\\") { place += 1 } else if !bytes[place].isSpaceOrTab { hasLabel = true }
            place += 1
        }
        guard hasLabel, bytes.spells("]:", at: place, before: line.upperBound) else { return false }
        let target = bytes.trimmed((place + 2)..<line.upperBound)
        guard let space = target.first(where: { bytes[$0].isSpaceOrTab }) else { return !target.isEmpty }
        let title = bytes.trimmed(space..<target.upperBound)
        guard title.count >= 2 else { return false }
        let closing = bytes[title.upperBound - 1]
        switch bytes[title.lowerBound] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return closing == bytes[title.lowerBound]
        case UInt8(ascii: "("): return closing == UInt8(ascii: ")")
        default: return false
        }
    }

    static func run(of marker: UInt8, _ bytes: Bytes, _ line: Range<Int>) -> Int {
        var place = line.lowerBound
        while place < line.upperBound, bytes[place] == marker { place += 1 }
        return place - line.lowerBound
    }
}

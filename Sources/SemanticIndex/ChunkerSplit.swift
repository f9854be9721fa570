import Textbook

/// Cuts one block that is larger than the cap: tables between rows, code at blank lines or else between lines, lists
/// between items, containers between the blocks they hold, and prose after sentences.
struct ChunkerSplit {
    let bytes: [UInt8]
    let target: Int
    let cap: Int
    let overlap: Int

    struct Piece {
        var bytes: ArraySlice<UInt8>
        var start: Int
    }

    /// What is never cut any further.
    private struct Atom {
        var bytes: ArraySlice<UInt8>
        var tokens: Int
        var start: Int

        init(_ bytes: ArraySlice<UInt8>, start: Int) {
            self.bytes = bytes
            self.tokens = ChunkerTokens.count(bytes)
            self.start = start
        }
    }

    /// The pieces of a unit; what leads to its block stands before the first.
    func pieces(of unit: ChunkerUnit) -> [Piece] {
        var pieces = self.pieces(of: unit.kind, unit.blockStart..<unit.end, depth: 0)
        if let first = pieces.first, unit.start < unit.blockStart {
            pieces[0] = Piece(
                bytes: (self.bytes[unit.start..<unit.blockStart] + first.bytes)[...], start: unit.start)
        }
        return pieces
    }

    private func pieces(of kind: Block.Kind, _ range: Range<Int>, depth: Int) -> [Piece] {
        switch kind {
        case .fence(let fence):
            return self.fencePieces(fence, range)
        case .table:
            return self.tablePieces(range)
        case .indentedCode:
            return self.packed(self.codeAtoms(range))
        case .list:
            return self.packed(self.itemAtoms(range))
        case .admonition(let admonition) where depth < 8:
            return self.containerPieces(admonition, range, depth: depth)
        default:
            return self.packed(self.proseAtoms(range))
        }
    }

    private func fencePieces(_ fence: Fence, _ range: Range<Int>) -> [Piece] {
        let marks = [UInt8](repeating: fence.marker, count: min(fence.length, 64))
        var opening = Array(self.bytes[range.lowerBound..<min(fence.content.lowerBound, range.upperBound)])
        if ChunkerTokens.count(opening[...]) > self.overlap { opening = marks + [0x0A] }
        let atoms = self.codeAtoms(fence.content)
        guard !atoms.isEmpty else { return self.packed(self.proseAtoms(range)) }
        return self.packed(atoms, before: opening, after: marks)
    }

    private func tablePieces(_ range: Range<Int>) -> [Piece] {
        let lines = self.lines(range)
        guard lines.count > 2 else { return self.packed(self.proseAtoms(range)) }
        let header = range.lowerBound..<lines[1].upperBound
        guard ChunkerTokens.count(self.bytes[header]) <= self.target / 3 else {
            return self.packed(self.proseAtoms(range))
        }
        let rows = lines[2...].flatMap { self.cut($0, limit: self.target - self.target / 3, isCode: false) }
        return self.packed(rows, before: Array(self.bytes[header]), after: [])
    }

    private func containerPieces(_ admonition: Admonition, _ range: Range<Int>, depth: Int) -> [Piece] {
        var atoms = self.proseAtoms(range.lowerBound..<admonition.content.lowerBound)
        for block in BlockScanner.scan(self.bytes, in: admonition.content) {
            if ChunkerTokens.count(self.bytes[block.range]) <= self.target {
                atoms.append(Atom(self.bytes[block.range], start: block.range.lowerBound))
            } else {
                atoms += self.pieces(of: block.kind, block.range, depth: depth + 1).map {
                    Atom($0.bytes.last == 0x0A ? $0.bytes : $0.bytes + [0x0A], start: $0.start)
                }
            }
        }
        return self.packed(atoms + self.proseAtoms(admonition.content.upperBound..<range.upperBound))
    }

    // Atoms

    /// Groups of lines between blank lines; a group larger than the target falls into its lines.
    private func codeAtoms(_ range: Range<Int>) -> [Atom] {
        var atoms: [Atom] = []
        var group: Range<Int>?
        func close(_ group: Range<Int>) {
            let whole = Atom(self.bytes[group], start: group.lowerBound)
            if whole.tokens <= self.target / 2 {
                atoms.append(whole)
            } else {
                // Code is not cut within a line unless that line alone would be several chunks.
                atoms += self.lines(group).flatMap { self.cut($0, limit: self.cap * 4, isCode: true) }
            }
        }
        for line in self.lines(range) {
            group = (group?.lowerBound ?? line.lowerBound)..<line.upperBound
            if self.bytes[line].allSatisfy({ $0 <= 0x20 }), let full = group {
                close(full)
                group = nil
            }
        }
        if let rest = group { close(rest) }
        return atoms
    }

    /// The items of a list; an item larger than the target falls into lines and sentences.
    private func itemAtoms(_ range: Range<Int>) -> [Atom] {
        var starts: [Int] = []
        var firstIndent: Int?
        for line in self.lines(range) {
            let text = self.bytes[line].drop { $0 == 0x20 }
            let indent = text.startIndex - line.lowerBound
            guard ChunkerSplit.isItem(text), indent <= (firstIndent ?? indent) + 1 else { continue }
            firstIndent = firstIndent ?? indent
            starts.append(line.lowerBound)
        }
        guard let first = starts.first else { return self.proseAtoms(range) }
        starts[0] = min(first, range.lowerBound)
        return zip(starts, starts.dropFirst() + [range.upperBound]).flatMap { start, end -> [Atom] in
            let item = Atom(self.bytes[start..<end], start: start)
            return item.tokens <= self.target / 2 ? [item] : self.proseAtoms(start..<end)
        }
    }

    private static func isItem(_ text: ArraySlice<UInt8>) -> Bool {
        let digits = text.prefix { $0 >= 0x30 && $0 <= 0x39 }
        let rest = text.dropFirst(digits.count)
        guard let mark = rest.first, let space = rest.dropFirst().first, space <= 0x20 else { return false }
        if !digits.isEmpty { return mark == UInt8(ascii: ".") || mark == UInt8(ascii: ")") }
        return mark == UInt8(ascii: "-") || mark == UInt8(ascii: "*") || mark == UInt8(ascii: "+")
    }

    /// Sentences: they end with a full stop, a question or exclamation mark, also the Urdu ones, before white space.
    private func proseAtoms(_ range: Range<Int>) -> [Atom] {
        var atoms: [Atom] = []
        var start = range.lowerBound
        for place in range {
            let isBreak = self.bytes[place] <= 0x20 && place > start && self.endsSentence(before: place, from: start)
            let isBlankLine = self.bytes[place] == 0x0A && place > start && self.bytes[place - 1] == 0x0A
            guard isBreak || isBlankLine else { continue }
            atoms += self.cut(start..<(place + 1), limit: self.target / 2, isCode: false)
            start = place + 1
        }
        if start < range.upperBound {
            atoms += self.cut(start..<range.upperBound, limit: self.target / 2, isCode: false)
        }
        return atoms
    }

    private func endsSentence(before place: Int, from start: Int) -> Bool {
        switch self.bytes[place - 1] {
        case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"): return true
        // U+06D4, the Urdu full stop, and U+061F, the Arabic question mark.
        case 0x94: return place - start >= 2 && self.bytes[place - 2] == 0xDB
        case 0x9F: return place - start >= 2 && self.bytes[place - 2] == 0xD8
        default: return false
        }
    }

    /// Cuts a range that is over the limit between words, and a word that is over it between characters.
    private func cut(_ range: Range<Int>, limit: Int, isCode: Bool) -> [Atom] {
        let whole = Atom(self.bytes[range], start: range.lowerBound)
        guard whole.tokens > limit else { return [whole] }
        let goal = isCode ? self.target / 2 : limit
        var atoms: [Atom] = []
        var start = range.lowerBound
        var tokens = 0
        var place = start
        while place < range.upperBound {
            var end = place
            while end < range.upperBound, self.bytes[end] > 0x20, end - place < 40 { end += 1 }
            while end < range.upperBound, self.bytes[end] & 0xC0 == 0x80 { end += 1 }
            while end < range.upperBound, self.bytes[end] <= 0x20, end - place < 80 { end += 1 }
            let word = ChunkerTokens.count(self.bytes[place..<end])
            if tokens + word > goal, start < place {
                atoms.append(Atom(self.bytes[start..<place], start: start))
                start = place
                tokens = 0
            }
            tokens += word
            place = end
        }
        atoms.append(Atom(self.bytes[start..<range.upperBound], start: start))
        return atoms
    }

    private func lines(_ range: Range<Int>) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = range.lowerBound
        for place in range where self.bytes[place] == 0x0A {
            lines.append(start..<(place + 1))
            start = place + 1
        }
        if start < range.upperBound { lines.append(start..<range.upperBound) }
        return lines
    }

    /// Fills pieces up to the target, each with the frame around it and the end of the one before.
    private func packed(_ atoms: [Atom], before: [UInt8] = [], after: [UInt8] = []) -> [Piece] {
        let frame = ChunkerTokens.count(before[...]) + ChunkerTokens.count(after[...]) + 1
        var pieces: [Piece] = []
        var open: [Atom] = []
        var tokens = frame
        func close() {
            guard let first = open.first else { return }
            var body = before
            for atom in open { body += atom.bytes }
            if !after.isEmpty {
                if body.last != 0x0A { body.append(0x0A) }
                body += after
            }
            pieces.append(Piece(bytes: body[...], start: first.start))
        }
        for atom in atoms {
            if !open.isEmpty, tokens + atom.tokens > self.target {
                close()
                var shared = 0
                var tail: [Atom] = []
                for last in open.dropFirst().reversed() where shared + last.tokens <= self.overlap {
                    guard tail.isEmpty || tail[0].start == last.start + last.bytes.count else { break }
                    shared += last.tokens
                    tail.insert(last, at: 0)
                }
                if tail.last?.start != open.last?.start || frame + shared + atom.tokens > self.cap {
                    tail = []
                    shared = 0
                }
                open = tail
                tokens = frame + shared
            }
            open.append(atom)
            tokens += atom.tokens
        }
        close()
        return pieces
    }
}

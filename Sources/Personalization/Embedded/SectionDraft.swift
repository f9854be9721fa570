/// A text that grows by copies of the source and by added paragraphs, with a limit on what is added.
struct SectionDraft {
    private(set) var bytes: [UInt8] = []
    /// Unicode scalars that optional additions may still take.
    private var budget: Int
    /// The blank line after an addition is there already.
    private var skipsBlank = false

    /// - Parameter sourceLength: the length of the source in Unicode scalars.
    init(sourceLength: Int) {
        // Stays below the validators' bound for rules.
        self.budget = Int(Double(sourceLength) * 0.85) + 1200
    }

    mutating func copy(_ source: ArraySlice<UInt8>) {
        self.skipsBlank = false
        self.bytes += source
    }

    mutating func copyBlank(_ source: ArraySlice<UInt8>) {
        if !self.skipsBlank { self.bytes += source }
        self.skipsBlank = false
    }

    /// Adds a paragraph with a blank line on both sides.
    mutating func add(_ paragraph: String) {
        if !self.bytes.isEmpty {
            if !(self.bytes.last?.isLineEnd ?? true) { self.bytes.append(0x0A) }
            if !self.endsWithBlankLine { self.bytes.append(0x0A) }
        }
        self.bytes += Array(paragraph.utf8) + [0x0A, 0x0A]
        self.budget -= paragraph.unicodeScalars.count + 2
        self.skipsBlank = true
    }

    /// Adds a paragraph when the budget allows it.
    /// - Returns: whether it was added.
    @discardableResult
    mutating func addIfAffordable(_ paragraph: String) -> Bool {
        guard paragraph.unicodeScalars.count + 2 <= self.budget else { return false }
        self.add(paragraph)
        return true
    }

    /// The text with one line end at its end.
    var finished: [UInt8] {
        self.bytes[...].endingWithOneLine
    }

    private var endsWithBlankLine: Bool {
        let tail = self.bytes.suffix(3)
        return tail.suffix(2).elementsEqual([0x0A, 0x0A]) || tail.elementsEqual([0x0A, 0x0D, 0x0A])
    }
}

extension ArraySlice<UInt8> {
    /// These bytes without the line ends at their end, and one line feed after them.
    var endingWithOneLine: [UInt8] {
        let end = self.lastIndex { !$0.isLineEnd }.map { $0 + 1 } ?? self.startIndex
        return Array(self[..<end]) + [0x0A]
    }
}

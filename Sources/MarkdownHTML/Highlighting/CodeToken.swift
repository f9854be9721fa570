/// A piece of code with a colour of its own.
struct CodeToken: Hashable, Sendable {
    /// What a piece is. The raw value is the end of the class `tok-…`.
    enum Kind: String, CaseIterable, Sendable {
        case comment = "com"
        case string = "str"
        case number = "num"
        case keyword = "key"
        /// A function, a type or a command.
        case name
        case tag
        /// An attribute, an option or the key of a value.
        case attribute = "attr"
        case variable = "var"
        /// What a terminal prints before a command.
        case prompt
    }

    let kind: Kind
    /// Bytes of the code, never within a character.
    let range: Range<Int>
}

/// The tokens found so far, in order and apart from each other, up to a number.
struct CodeTokens {
    private(set) var list: [CodeToken] = []
    let maximum: Int

    init(maximum: Int) {
        self.maximum = maximum
    }

    var isFull: Bool { self.list.count >= self.maximum }

    mutating func add(_ kind: CodeToken.Kind, _ range: Range<Int>) {
        guard !range.isEmpty, !self.isFull else { return }
        // Two pieces of one kind without anything between them are one.
        if let last = self.list.last, last.kind == kind, last.range.upperBound == range.lowerBound {
            self.list[self.list.count - 1] = CodeToken(kind: kind, range: last.range.lowerBound..<range.upperBound)
        } else {
            self.list.append(CodeToken(kind: kind, range: range))
        }
    }
}

/// Reads a program from left to right, once.
struct ProgramScanner {
    let grammar: ProgramGrammar
    let text: CodeText
    /// The word before said that a name follows.
    private var expectsName = false

    init(grammar: ProgramGrammar, text: CodeText) {
        self.grammar = grammar
        self.text = text
    }

    mutating func scan(into tokens: inout CodeTokens) {
        var index = 0
        while index < self.text.end, !tokens.isFull {
            let end: Int
            if let comment = self.endOfComment(at: index) {
                tokens.add(.comment, index..<comment)
                end = comment
            } else if let string = self.endOfString(at: index) {
                tokens.add(self.grammar.hasKeys && self.isKey(string) ? .attribute : .string, index..<string)
                end = string
            } else if self.text[index].isDigit {
                end = self.text.endOfNumber(from: index)
                tokens.add(.number, index..<end)
            } else if let sign = self.endOfSignedWord(at: index) {
                tokens.add(.attribute, index..<sign)
                end = sign
            } else if self.text[index].isWordStart {
                end = self.text.end(of: index, while: \.isWord)
                if let kind = self.kind(of: self.text.text(index..<end)) { tokens.add(kind, index..<end) }
            } else {
                if !self.text[index].isSpace { self.expectsName = false }
                end = index + 1
            }
            index = end
        }
    }

    private func endOfComment(at index: Int) -> Int? {
        if let line = self.grammar.lineComment, self.text.starts(with: line, at: index) {
            return self.text.lineEnd(from: index)
        }
        guard self.grammar.hasBlockComments, self.text.starts(with: "/*", at: index) else { return nil }
        guard self.grammar.nestsComments else { return self.text.end(of: index + 2, closedBy: "*/") }
        var depth = 1
        var index = index + 2
        while index < self.text.end, depth > 0 {
            if self.text.starts(with: "*/", at: index) {
                depth -= 1
                index += 2
            } else if self.text.starts(with: "/*", at: index) {
                depth += 1
                index += 2
            } else {
                index += 1
            }
        }
        return index
    }

    private func endOfString(at index: Int) -> Int? {
        var open = index
        if !self.grammar.stringPrefixes.isEmpty, self.text[index].isWordStart {
            // A prefix is short: whatever is longer is a word.
            open = self.text.end(of: index) { $0.isWordStart && $0 < 0x80 }
            guard open - index <= 2, self.grammar.stringPrefixes.contains(self.text.text(index..<open).lowercased())
            else { return nil }
        }
        let quote = self.text[open]
        guard self.grammar.quotes.contains(quote) else { return nil }
        if self.grammar.hasTripleQuotes, self.text[open + 1] == quote, self.text[open + 2] == quote {
            return self.text.end(of: open + 3, closedBy: quote == UInt8(ascii: "'") ? "'''" : "\"\"\"")
        }
        return min(
            self.text.end,
            self.text.endOfString(from: open + 1, quote: quote, hasEscapes: true, maySpanLines: false))
    }

    private func isKey(_ end: Int) -> Bool {
        self.text[self.text.end(of: end, while: \.isSpace)] == UInt8(ascii: ":")
    }

    /// `@name` or `#name`.
    private func endOfSignedWord(at index: Int) -> Int? {
        switch self.text[index] {
        case UInt8(ascii: "@") where self.grammar.hasAttributes: break
        case UInt8(ascii: "#") where self.grammar.hasDirectives: break
        default: return nil
        }
        guard self.text[index + 1].isWordStart else { return nil }
        return self.text.end(of: index + 1) { $0.isWord || $0 == UInt8(ascii: ".") }
    }

    private mutating func kind(of word: String) -> CodeToken.Kind? {
        if self.grammar.keywords.contains(word) {
            self.expectsName = self.grammar.definers.contains(word)
            return .keyword
        }
        let isName = self.expectsName || self.grammar.names.contains(word)
        self.expectsName = false
        return isName ? .name : nil
    }
}

/// Reads YAML line by line.
struct YAMLScanner {
    let text: CodeText

    fileprivate static let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off"]

    func scan(into tokens: inout CodeTokens) {
        var index = 0
        /// The indentation of the line whose value is the block of deeper lines that follows.
        var block: Int?
        while index < self.text.end, !tokens.isFull {
            let end = self.text.lineEnd(from: index)
            let content = self.text.end(of: index, while: \.isBlank)
            if let indentation = block, content == end || content - index > indentation {
                tokens.add(.string, content..<end)
            } else {
                let line = YAMLLine(text: CodeText(self.text.bytes, end: end), start: content)
                block = line.scan(into: &tokens) ? content - index : nil
            }
            index = end + 1
        }
    }

    /// One line outside of a block of text.
    private struct YAMLLine {
        let text: CodeText
        let start: Int

        /// Answers whether the line ends with the sign that opens a block of text.
        func scan(into tokens: inout CodeTokens) -> Bool {
            var index = self.start
            if self.text.starts(with: "---", at: index) || self.text.starts(with: "...", at: index) {
                tokens.add(.keyword, index..<index + 3)
                index += 3
            }
            while index < self.text.end, !tokens.isFull {
                let byte = self.text[index]
                switch byte {
                case UInt8(ascii: "#") where index == self.start || self.text[index - 1].isBlank:
                    tokens.add(.comment, index..<self.text.end)
                    return false
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    let end = min(
                        self.text.end,
                        self.text.endOfString(
                            from: index + 1, quote: byte, hasEscapes: byte == UInt8(ascii: "\""), maySpanLines: false))
                    tokens.add(self.isKey(end) ? .attribute : .string, index..<end)
                    index = end
                case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"):
                    let end = self.text.end(of: index) { !$0.isBlank && !Self.isSign($0) }
                    tokens.add(.variable, index..<end)
                    index = max(end, index + 1)
                case UInt8(ascii: "|"), UInt8(ascii: ">"):
                    let end = self.text.end(of: index + 1) { $0.isDigit || "+-".utf8.contains($0) || $0.isBlank }
                    if end == self.text.end { return true }
                    index += 1
                case UInt8(ascii: "-") where self.text[index + 1].isBlank: index += 1
                case _ where byte.isBlank || Self.isSign(byte): index += 1
                default: index = self.scanPlain(from: index, into: &tokens)
                }
            }
            return false
        }

        /// A key or a value without quotes: up to a colon, a comma or a comment.
        private func scanPlain(from start: Int, into tokens: inout CodeTokens) -> Int {
            var end = start
            while end < self.text.end {
                let byte = self.text[end]
                if Self.isSign(byte) || self.isKey(end) && byte == UInt8(ascii: ":") { break }
                if byte == UInt8(ascii: "#"), self.text[end - 1].isBlank { break }
                end += 1
            }
            var last = end
            while last > start, self.text[last - 1].isBlank { last -= 1 }
            if self.isKey(end) {
                tokens.add(.attribute, start..<last)
            } else if self.isNumber(start..<last) {
                tokens.add(.number, start..<last)
            } else if YAMLScanner.words.contains(self.text.text(start..<last).lowercased()) {
                tokens.add(.keyword, start..<last)
            }
            return max(end, start + 1)
        }

        private func isKey(_ end: Int) -> Bool {
            guard self.text[end] == UInt8(ascii: ":") else { return false }
            return end + 1 >= self.text.end || self.text[end + 1].isBlank
        }

        private func isNumber(_ range: Range<Int>) -> Bool {
            let start = "+-".utf8.contains(self.text[range.lowerBound]) ? range.lowerBound + 1 : range.lowerBound
            return self.text[start].isDigit && self.text.endOfNumber(from: start) == range.upperBound
        }

        private static func isSign(_ byte: UInt8) -> Bool { "[]{},".utf8.contains(byte) }
    }
}

/// Reads XML and HTML.
struct MarkupScanner {
    let text: CodeText

    func scan(into tokens: inout CodeTokens) {
        var index = 0
        while index < self.text.end, !tokens.isFull {
            switch self.text[index] {
            case UInt8(ascii: "<"): index = self.scanTag(at: index, into: &tokens)
            case UInt8(ascii: "&"):
                let end = self.text.end(of: index + 1) { $0.isWord && $0 < 0x80 || $0 == UInt8(ascii: "#") }
                if self.text[end] == UInt8(ascii: ";"), end > index + 1 { tokens.add(.variable, index..<end + 1) }
                index = max(end, index + 1)
            default: index += 1
            }
        }
    }

    private func scanTag(at start: Int, into tokens: inout CodeTokens) -> Int {
        if self.text.starts(with: "<!--", at: start) {
            return self.add(.comment, start..<self.text.end(of: start + 4, closedBy: "-->"), to: &tokens)
        }
        if self.text.starts(with: "<?", at: start) {
            return self.add(.keyword, start..<self.text.end(of: start + 2, closedBy: "?>"), to: &tokens)
        }
        if self.text.starts(with: "<![CDATA[", at: start) {
            return self.text.end(of: start + 9, closedBy: "]]>")
        }
        if self.text.starts(with: "<!", at: start) {
            return self.add(.keyword, start..<self.text.end(of: start + 2, closedBy: ">"), to: &tokens)
        }
        let name = self.text[start + 1] == UInt8(ascii: "/") ? start + 2 : start + 1
        guard self.text[name].isWordStart else { return start + 1 }
        var index = self.add(.tag, start..<self.text.end(of: name, while: Self.isName), to: &tokens)
        while index < self.text.end, !tokens.isFull {
            switch self.text[index] {
            case UInt8(ascii: ">"): return self.add(.tag, index..<index + 1, to: &tokens)
            case UInt8(ascii: "/") where self.text[index + 1] == UInt8(ascii: ">"):
                return self.add(.tag, index..<index + 2, to: &tokens)
            // The tag was never finished, and another begins.
            case UInt8(ascii: "<"): return index
            case let quote where quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"):
                let end = self.text.endOfString(from: index + 1, quote: quote, hasEscapes: false, maySpanLines: true)
                index = self.add(.string, index..<end, to: &tokens)
            case let byte where byte.isWordStart:
                index = self.add(.attribute, index..<self.text.end(of: index, while: Self.isName), to: &tokens)
            default: index += 1
            }
        }
        return index
    }

    private func add(_ kind: CodeToken.Kind, _ range: Range<Int>, to tokens: inout CodeTokens) -> Int {
        tokens.add(kind, range)
        return range.upperBound
    }

    private static func isName(_ byte: UInt8) -> Bool {
        byte.isWord || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}

/// The seven kinds of HTML blocks (CommonMark 0.31, section 4.6) by their first line.
enum HTMLBlockStart: Int {
    case rawText = 1
    case comment, processingInstruction, declaration, characterData, blockElement, anyElement

    /// Recognises the start at the line's first byte that is not white space.
    init?(_ bytes: Bytes, _ line: Range<Int>, interruptsParagraph: Bool) {
        let start = line.lowerBound
        let end = line.upperBound
        guard bytes[start] == UInt8(ascii: "<"), start + 1 < end else { return nil }
        let second = bytes[start + 1]
        if second == UInt8(ascii: "!") {
            if bytes.spells("<!--", at: start, before: end) {
                self = .comment
            } else if bytes.spells("<![CDATA[", at: start, before: end) {
                self = .characterData
            } else if start + 2 < end, bytes[start + 2].isLetter {
                self = .declaration
            } else {
                return nil
            }
            return
        }
        if second == UInt8(ascii: "?") {
            self = .processingInstruction
            return
        }
        let isClosing = second == UInt8(ascii: "/")
        let nameStart = start + (isClosing ? 2 : 1)
        var nameEnd = nameStart
        var name: [UInt8] = []
        while nameEnd < end, bytes[nameEnd].isLetter || (nameEnd > nameStart && bytes[nameEnd].isDigit) {
            if name.count < 16 { name.append(bytes[nameEnd].lowercased) }
            nameEnd += 1
        }
        guard nameEnd > nameStart else { return nil }
        let word = String(decoding: name, as: UTF8.self)
        let isEnded = nameEnd == end || bytes[nameEnd].isTagSpace || bytes[nameEnd] == UInt8(ascii: ">")
        if !isClosing, isEnded, HTMLBlockStart.rawTextNames.contains(word) {
            self = .rawText
        } else if isEnded || bytes.spells("/>", at: nameEnd, before: end), HTMLBlockStart.blockNames.contains(word) {
            self = .blockElement
        } else if !interruptsParagraph, HTMLBlockStart.isWholeTag(bytes, line, isClosing: isClosing) {
            self = .anyElement
        } else {
            return nil
        }
    }

    /// Whether the block goes on over blank lines until its own end.
    var ignoresBlankLines: Bool {
        self.rawValue <= HTMLBlockStart.characterData.rawValue
    }

    /// Whether the line holds the block's end; the last two kinds end before a blank line instead.
    func ends(_ bytes: Bytes, _ line: Range<Int>) -> Bool {
        switch self {
        case .rawText:
            var place = line.lowerBound
            while let found = bytes.first("</", in: place..<line.upperBound) {
                var end = found + 2
                var name: [UInt8] = []
                while end < line.upperBound, bytes[end].isLetter, name.count < 9 {
                    name.append(bytes[end].lowercased)
                    end += 1
                }
                if end < line.upperBound, bytes[end] == UInt8(ascii: ">"),
                    HTMLBlockStart.rawTextNames.contains(String(decoding: name, as: UTF8.self))
                {
                    return true
                }
                place = found + 2
            }
            return false
        case .comment: return bytes.first("-->", in: line) != nil
        case .processingInstruction: return bytes.first("?>", in: line) != nil
        case .declaration: return bytes.first(">", in: line) != nil
        case .characterData: return bytes.first("]]>", in: line) != nil
        case .blockElement, .anyElement: return false
        }
    }

    /// Whether the line is one complete opening or closing tag and nothing else.
    private static func isWholeTag(_ bytes: Bytes, _ line: Range<Int>, isClosing: Bool) -> Bool {
        let end = line.upperBound
        var place = line.lowerBound + (isClosing ? 2 : 1)
        func skipSpace() -> Bool {
            let before = place
            while place < end, bytes[place].isTagSpace { place += 1 }
            return place > before
        }
        while place < end, bytes[place].isLetter || bytes[place].isDigit || bytes[place] == UInt8(ascii: "-") {
            place += 1
        }
        if isClosing {
            _ = skipSpace()
        } else {
            while skipSpace(), place < end, self.isAttributeStart(bytes[place]) {
                while place < end, self.isAttributeStart(bytes[place]) || self.isAttributeRest(bytes[place]) {
                    place += 1
                }
                let nameEnd = place
                _ = skipSpace()
                guard place < end, bytes[place] == UInt8(ascii: "=") else {
                    place = nameEnd
                    continue
                }
                place += 1
                _ = skipSpace()
                guard place < end else { return false }
                let quote = bytes[place]
                let valueStart = place
                if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
                    place += 1
                    while place < end, bytes[place] != quote { place += 1 }
                    guard place < end else { return false }
                    place += 1
                } else {
                    while place < end, !self.endsUnquotedValue(bytes[place]) { place += 1 }
                    guard place > valueStart else { return false }
                }
            }
            if place < end, bytes[place] == UInt8(ascii: "/") { place += 1 }
        }
        guard place < end, bytes[place] == UInt8(ascii: ">") else { return false }
        place += 1
        while place < end, bytes[place].isTagSpace { place += 1 }
        return place == end
    }

    private static func isAttributeStart(_ byte: UInt8) -> Bool {
        byte.isLetter || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
    }

    private static func isAttributeRest(_ byte: UInt8) -> Bool {
        byte.isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }

    private static func endsUnquotedValue(_ byte: UInt8) -> Bool {
        byte.isTagSpace || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "=")
            || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "`")
    }

    private static let rawTextNames: Set<String> = ["script", "pre", "style", "textarea"]

    private static let blockNames: Set<String> = [
        "address", "article", "aside", "base", "basefont", "blockquote", "body", "caption", "center", "col",
        "colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
        "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "iframe",
        "legend", "li", "link", "main", "menu", "menuitem", "nav", "noframes", "ol", "optgroup", "option", "p", "param",
        "section", "source", "title", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr",
        "track", "ul",
    ]
}

/// MDX components at the top level, from `<Name …>` to the matching `</Name>` or to `/>`.
struct JSXElement {
    /// The last place each component is closed at, so that an element that is never closed costs no search.
    private var lastClosings: [String: Int]?

    /// An opening tag longer than this is taken for text.
    private static let maximumTagBytes = 2048

    /// Where the element that begins at `start` ends, as an offset just after its last line; `nil` if it is never
    /// closed, or if it is only the beginning of a line of text.
    ///
    /// The work is in proportion to the element found, or else to its first line, which keeps the scan linear.
    mutating func end(_ bytes: Bytes, start: Int, textEnd: Int) -> Int? {
        var nameEnd = start + 1
        guard nameEnd < textEnd, bytes[nameEnd].isUppercase else { return nil }
        while nameEnd < textEnd, JSXElement.isNamePart(bytes[nameEnd]) { nameEnd += 1 }
        guard let tag = JSXElement.tagEnd(bytes, from: nameEnd, textEnd: textEnd) else { return nil }
        if tag.closesItself {
            let line = JSXElement.line(bytes, after: tag.end, textEnd: textEnd)
            return line.isBlank ? line.end : nil
        }
        let name = (start + 1)..<nameEnd
        guard let last = self.lastClosing(bytes, name: name, from: start, textEnd: textEnd), last >= tag.end else {
            return nil
        }
        var depth = 1
        var place = tag.end
        var end = last
        while depth > 0, place <= last, let open = bytes.first("<", in: place..<textEnd) {
            let isClosing = open + 1 < textEnd && bytes[open + 1] == UInt8(ascii: "/")
            let word = open + (isClosing ? 2 : 1)
            place = open + 1
            guard JSXElement.isTag(bytes, name: name, at: word, textEnd: textEnd),
                let inner = JSXElement.tagEnd(bytes, from: word + name.count, textEnd: textEnd)
            else { continue }
            if isClosing { depth -= 1 } else if !inner.closesItself { depth += 1 }
            place = inner.end
            end = inner.end
        }
        let line = JSXElement.line(bytes, after: end, textEnd: textEnd)
        let isOneLine = JSXElement.line(bytes, after: start, textEnd: textEnd).end == line.end
        return line.isBlank || !isOneLine ? line.end : nil
    }

    /// Where the tag whose name ends at `place` ends, braces and quotes respected; `nil` when a blank line or the
    /// size limit comes first.
    private static func tagEnd(_ bytes: Bytes, from place: Int, textEnd: Int) -> (end: Int, closesItself: Bool)? {
        let limit = Swift.min(textEnd, place + self.maximumTagBytes)
        var place = place
        var braces = 0
        var quote: UInt8?
        var isLineBlank = false
        while place < limit {
            let byte = bytes[place]
            if byte == .lineFeed {
                if isLineBlank { return nil }
                isLineBlank = true
            } else if !byte.isTagSpace {
                isLineBlank = false
            }
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: "{") {
                braces += 1
            } else if byte == UInt8(ascii: "}") {
                braces -= 1
            } else if byte == UInt8(ascii: ">"), braces <= 0 {
                return (place + 1, bytes[place - 1] == UInt8(ascii: "/"))
            }
            place += 1
        }
        return nil
    }

    /// Where the line that `place` stands in ends, and whether only white space follows in it.
    private static func line(_ bytes: Bytes, after place: Int, textEnd: Int) -> (end: Int, isBlank: Bool) {
        var place = place
        var isBlank = true
        while place < textEnd, bytes[place] != .lineFeed, bytes[place] != .carriageReturn {
            if !bytes[place].isSpaceOrTab { isBlank = false }
            place += 1
        }
        if place < textEnd, bytes[place] == .carriageReturn { place += 1 }
        if place < textEnd, bytes[place] == .lineFeed { place += 1 }
        return (place, isBlank)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: ".")
    }

    private static func isTag(_ bytes: Bytes, name: Range<Int>, at place: Int, textEnd: Int) -> Bool {
        guard place + name.count < textEnd else { return false }
        for index in 0..<name.count where bytes[place + index] != bytes[name.lowerBound + index] { return false }
        let next = bytes[place + name.count]
        return !self.isNamePart(next) && next != UInt8(ascii: "-")
    }

    private mutating func lastClosing(_ bytes: Bytes, name: Range<Int>, from start: Int, textEnd: Int) -> Int? {
        if let known = self.lastClosings { return known[bytes.text(name)] }
        var closings: [String: Int] = [:]
        var place = start
        while let open = bytes.first("</", in: place..<textEnd) {
            place = open + 2
            while place < textEnd, JSXElement.isNamePart(bytes[place]) { place += 1 }
            if place > open + 2, bytes[open + 2].isUppercase { closings[bytes.text((open + 2)..<place)] = open }
        }
        self.lastClosings = closings
        return closings[bytes.text(name)]
    }
}

extension UInt8 {
    var isUppercase: Bool { self >= 0x41 && self <= 0x5A }
}

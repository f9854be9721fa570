/// A heading's text and explicit id, from its source.
enum HeadingText {
    /// From the line of an ATX heading: markers at both ends are no text.
    static func atx(_ bytes: Bytes, _ line: Range<Int>, level: Int) -> Heading {
        var text = bytes.trimmed((line.lowerBound + level)..<line.upperBound)
        var end = text.upperBound
        while end > text.lowerBound, bytes[end - 1] == UInt8(ascii: "#") { end -= 1 }
        if end == text.lowerBound || bytes[end - 1].isSpaceOrTab {
            text = bytes.trimmed(text.lowerBound..<end)
        }
        return self.heading(bytes.text(text), level: level, isSetext: false)
    }

    /// From the lines above the underline of a setext heading.
    static func setext(_ bytes: Bytes, _ lines: Range<Int>, level: Int) -> Heading {
        // Named, since a slice out of `Sequence.split` would count from 0 instead of from the text's start.
        let slices: [Bytes.SubSequence] = bytes[lines].split { $0 == .lineFeed || $0 == .carriageReturn }
        let text = slices.map { bytes.text(bytes.trimmed($0.startIndex..<$0.endIndex)) }
            .joined(separator: " ")
        return self.heading(text, level: level, isSetext: true)
    }

    private static func heading(_ text: String, level: Int, isSetext: Bool) -> Heading {
        guard text.utf8.last == UInt8(ascii: "}"), let open = text.lastIndex(of: "{") else {
            return Heading(level: level, text: text, id: nil, isSetext: isSetext)
        }
        let id = text[text.index(after: open)...].dropLast()
        guard id.first == "#", id.count > 1, !id.contains(where: { $0 == " " || $0 == "}" }) else {
            return Heading(level: level, text: text, id: nil, isSetext: isSetext)
        }
        var rest = text[..<open]
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return Heading(level: level, text: String(rest), id: String(id.dropFirst()), isSetext: isSetext)
    }
}

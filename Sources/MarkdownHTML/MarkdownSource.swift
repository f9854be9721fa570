/// Markdown made ready for the parser: within its limits, and with a marker in place of each line of an admonition.
///
/// CommonMark knows no admonitions, and would make their lines part of the paragraphs around them. A marker is a
/// paragraph of its own, so that it comes out of the parser as a sibling of what it encloses, at any depth of lists.
struct MarkdownSource: Sendable {
    /// A character for private use, which stands in no text after ``init(_:options:)`` but in markers.
    static let sign: Character = "\u{F8FF}"

    struct Marker: Sendable {
        let line: AdmonitionLine
        /// What the author wrote, for places where it turns out to be plain text.
        let original: String
    }

    /// UTF-8.
    let text: [UInt8]
    private let markers: [Marker]

    init(_ markdown: String, options: MarkdownRenderer.Options) throws(MarkdownError) {
        guard markdown.utf8.count <= options.maximumBytes else {
            throw MarkdownError(code: .tooLarge, message: "the Markdown exceeds \(options.maximumBytes) bytes")
        }
        let clean = Self.cleaned(Array(markdown.utf8))
        var limits = MarkdownLimits(options: options)
        var fence: Fence?
        var markers: [Marker] = []
        var text: [UInt8] = []
        text.reserveCapacity(clean.count + 1)
        var number = 0
        var start = 0
        while start < clean.count {
            number += 1
            let end = clean[start...].firstIndex(of: UInt8(ascii: "\n")) ?? clean.count
            let line = clean[start..<end]
            start = end + 1
            let content = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if let open = fence {
                if open.isClosed(by: content) { fence = nil }
            } else if let opening = Fence(content) {
                fence = opening
            } else {
                try limits.check(line, number: number)
                if let admonition = AdmonitionLine(content) {
                    text.append(UInt8(ascii: "\n"))
                    text += line[..<content.startIndex]
                    text += Array("\(Self.sign)\(markers.count)\(Self.sign)\n\n".utf8)
                    markers.append(Marker(line: admonition, original: String(decoding: content, as: UTF8.self)))
                    continue
                }
            }
            text += line
            text.append(UInt8(ascii: "\n"))
        }
        self.text = text
        self.markers = markers
    }

    /// The admonition line that `text`, the whole of a paragraph, stands for.
    func marker(_ text: String) -> AdmonitionLine? {
        guard text.first == Self.sign, text.last == Self.sign, text.count > 2 else { return nil }
        guard let number = Int(text.dropFirst().dropLast()), self.markers.indices.contains(number) else { return nil }
        return self.markers[number].line
    }

    /// `text` with markers turned back into what the author wrote, along with the blank lines added around them.
    func restored(_ text: String) -> String {
        guard text.contains(Self.sign) else { return text }
        var lines: [Substring] = []
        var skipsBlank = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if skipsBlank, line.allSatisfy(\.isWhitespace) {
                skipsBlank = false
                continue
            }
            skipsBlank = false
            guard let start = line.firstIndex(of: Self.sign) else {
                lines.append(line)
                continue
            }
            if lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
            let number = Int(line[start...].dropFirst().prefix { $0 != Self.sign })
            let original = number.flatMap { self.markers.indices.contains($0) ? self.markers[$0].original : nil } ?? ""
            lines.append("\(line[..<start])\(original)")
            skipsBlank = true
        }
        return lines.joined(separator: "\n")
    }

    /// Ends every line with LF, and replaces NUL and the sign (EF A3 BF) by U+FFFD (EF BF BD).
    private static func cleaned(_ bytes: [UInt8]) -> [UInt8] {
        var clean: [UInt8] = []
        clean.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\r"):
                clean.append(UInt8(ascii: "\n"))
                if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\n") { index += 1 }
            case 0:
                clean += [0xEF, 0xBF, 0xBD]
            case 0xEF where index + 2 < bytes.count && bytes[index + 1] == 0xA3 && bytes[index + 2] == 0xBF:
                clean += [0xEF, 0xBF, 0xBD]
                index += 2
            default:
                clean.append(byte)
            }
            index += 1
        }
        return clean
    }
}

/// An open block of code (CommonMark, section 4.5).
private struct Fence {
    private let character: UInt8
    private let length: Int

    /// Reads a line without its indentation.
    init?(_ line: ArraySlice<UInt8>) {
        guard let first = line.first, first == UInt8(ascii: "`") || first == UInt8(ascii: "~") else { return nil }
        self.character = first
        self.length = line.prefix { $0 == first }.count
        guard self.length >= 3 else { return nil }
        guard first == UInt8(ascii: "~") || !line.dropFirst(self.length).contains(first) else { return nil }
    }

    func isClosed(by line: ArraySlice<UInt8>) -> Bool {
        let run = line.prefix { $0 == self.character }.count
        return run >= self.length && line.dropFirst(run).allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
}

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

    let text: String
    private let markers: [Marker]

    init(_ markdown: String, options: MarkdownRenderer.Options) throws(MarkdownError) {
        guard markdown.utf8.count <= options.maximumBytes else {
            throw MarkdownError(code: .tooLarge, message: "the Markdown exceeds \(options.maximumBytes) bytes")
        }
        var limits = MarkdownLimits(options: options)
        var fence: Fence?
        var markers: [Marker] = []
        var text = ""
        text.reserveCapacity(markdown.utf8.count)
        for (number, line) in Self.lines(of: markdown).enumerated() {
            let content = line.drop { $0 == " " || $0 == "\t" }
            if let open = fence {
                if open.isClosed(by: content) { fence = nil }
            } else if let opening = Fence(content) {
                fence = opening
            } else {
                try limits.check(line, number: number + 1)
                if content.first == ":", let admonition = AdmonitionLine(content) {
                    let indentation = line[..<content.startIndex]
                    text += "\n\(indentation)\(Self.sign)\(markers.count)\(Self.sign)\n\n"
                    markers.append(Marker(line: admonition, original: String(content)))
                    continue
                }
            }
            text += line
            text += "\n"
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

    /// Lines without their ends, free of NUL and of the sign.
    private static func lines(of markdown: String) -> [Substring] {
        var clean = String.UnicodeScalarView()
        var afterCarriageReturn = false
        for scalar in markdown.unicodeScalars {
            switch scalar {
            case "\r": clean.append("\n")
            case "\n": if !afterCarriageReturn { clean.append("\n") }
            case "\0", "\u{F8FF}": clean.append("\u{FFFD}")
            default: clean.append(scalar)
            }
            afterCarriageReturn = scalar == "\r"
        }
        return String(clean).split(separator: "\n", omittingEmptySubsequences: false)
    }
}

/// An open block of code (CommonMark, section 4.5).
private struct Fence {
    private let character: UInt8
    private let length: Int

    init?(_ line: Substring) {
        guard let first = line.utf8.first, first == UInt8(ascii: "`") || first == UInt8(ascii: "~") else { return nil }
        self.character = first
        self.length = line.utf8.prefix { $0 == first }.count
        guard self.length >= 3 else { return nil }
        guard first == UInt8(ascii: "~") || !line.utf8.dropFirst(self.length).contains(first) else { return nil }
    }

    func isClosed(by line: Substring) -> Bool {
        let run = line.utf8.prefix { $0 == self.character }.count
        return run >= self.length && line.utf8.dropFirst(run).allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
}

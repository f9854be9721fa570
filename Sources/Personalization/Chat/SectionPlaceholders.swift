import Textbook

/// A section in which everything that must not change is replaced by `⟦C1⟧`, `⟦C2⟧` …, and the way back.
struct SectionPlaceholders {
    /// The text for the model.
    let masked: String
    /// What each placeholder stands for, in one line: `C1: python, begins with "import math"`.
    let hints: [String]
    /// Whether anything is left that could be written differently.
    let hasProse: Bool
    private let pieces: [ArraySlice<UInt8>]

    /// Replaces code, tables, warnings, formulas and raw markup at the top level of the section.
    init(_ body: [UInt8]) {
        var masked: [UInt8] = []
        var pieces: [ArraySlice<UInt8>] = []
        var hints: [String] = []
        var hasProse = false
        for block in BlockScanner.scan(body) {
            let source = body[block.range]
            guard Self.isKept(block, in: body) else {
                masked += source
                if block.isRunningText {
                    hasProse = hasProse || ProseText.visible(body, block).contains { $0.isASCIILetter || $0 >= 0x80 }
                }
                continue
            }
            let content = source[..<((source.lastIndex { !$0.isLineEnd } ?? source.startIndex - 1) + 1)]
            pieces.append(content)
            hints.append("C\(pieces.count): \(Self.hint(block, in: body))")
            masked += Array(Self.placeholder(pieces.count).utf8)
            masked += source[content.endIndex...]
        }
        self.masked = String(decoding: masked, as: UTF8.self)
        self.hints = hints
        // A text that holds such brackets itself could not be told from its placeholders.
        self.hasProse = hasProse && !String(decoding: body, as: UTF8.self).contains("⟦")
        self.pieces = pieces
    }

    /// What a kept block is, and how it begins.
    private static func hint(_ block: Block, in body: [UInt8]) -> String {
        var content = body[block.range]
        let kind: String
        switch block.kind {
        case .fence(let fence):
            kind = fence.language.isEmpty ? "code or output" : String(fence.language.prefix(20))
            content = body[fence.content]
        case .indentedCode: kind = "code"
        case .table: kind = "table"
        case .admonition(let admonition): kind = "\(admonition.name.prefix(20)) block"
        case .list: kind = "list with code"
        case .blockQuote: kind = "quotation with code"
        case .math: kind = "formula"
        default: kind = "markup"
        }
        let first = content.split(whereSeparator: \.isLineEnd).first { $0.contains { $0 > 0x20 } } ?? []
        let line = String(decoding: first, as: UTF8.self).filter { $0 != "⟦" && $0 != "⟧" }
        return "\(kind), begins with \(String(line.drop(while: \.isWhitespace).prefix(60)))"
    }

    private static func isKept(_ block: Block, in body: [UInt8]) -> Bool {
        switch block.kind {
        case .fence, .indentedCode, .table, .html, .jsx, .math, .moduleStatement, .comment: true
        case .admonition(let admonition):
            LessonFacts.warningNames.contains(admonition.name.lowercased())
                || self.holdsCode(admonition.content, in: body)
        case .list, .blockQuote: !NestedFences.ranges(in: body, block.range).isEmpty
        case .frontMatter, .heading, .paragraph, .thematicBreak, .blank: false
        }
    }

    private static func holdsCode(_ range: Range<Int>, in body: [UInt8]) -> Bool {
        BlockScanner.scan(body, in: range).contains {
            switch $0.kind {
            case .fence, .indentedCode, .admonition: true
            case .list, .blockQuote: !NestedFences.ranges(in: body, $0.range).isEmpty
            default: false
            }
        }
    }

    private static func placeholder(_ number: Int) -> String { "⟦C\(number)⟧" }

    /// Puts the kept pieces back, byte for byte.
    /// - Returns: the text, or a failure that says which placeholder is missing, doubled or out of order.
    func restore(_ answer: String) -> Result<String, CheckRefusal> {
        var text: [UInt8] = []
        var next = 0
        for line in answer.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let trimmed = line.trimmingBlanks()
            guard trimmed.hasPrefix("⟦C"), trimmed.hasSuffix("⟧") else {
                if line.contains("⟦C") {
                    return .failure(CheckRefusal(.code, "A placeholder shares its line: \(trimmed.prefix(60))."))
                }
                text += Array(line.utf8) + [0x0A]
                continue
            }
            guard next < self.pieces.count, trimmed == Self.placeholder(next + 1) else {
                let expected = next < self.pieces.count ? Self.placeholder(next + 1) : "no further placeholder"
                return .failure(CheckRefusal(.code, "Found \(trimmed.prefix(12)) where \(expected) was expected."))
            }
            text += Array(self.pieces[next]) + [0x0A]
            next += 1
        }
        guard next == self.pieces.count else {
            return .failure(CheckRefusal(.code, "The placeholder \(Self.placeholder(next + 1)) is missing."))
        }
        while text.last == 0x0A { text.removeLast() }
        return .success(String(decoding: text + [0x0A], as: UTF8.self))
    }
}

/// A failure of one check, as an error.
struct CheckRefusal: Error {
    let failure: CheckFailure

    init(_ check: CheckFailure.Check, _ message: String) {
        self.failure = CheckFailure(check, message)
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        let start = self.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...last]
    }
}

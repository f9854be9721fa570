import Textbook

/// One section read block by block: its passages, and which terms it teaches.
struct SectionReading: Sendable {
    let bytes: [UInt8]
    let blocks: [Block]
    let passages: [Passage]
    /// Terms in running text outside passages that only frame the teaching, each once, in their order.
    let taughtTerms: [Int]
    private let hasProse: Bool

    init(_ markdown: [UInt8], glossary: Glossary) {
        let blocks = BlockScanner.scan(markdown)
        let visible = blocks.map { ProseText.visible(markdown, $0) }
        let mentions = visible.map { glossary.mentions(in: $0).map(\.term) }
        let passages = Passage.passages(of: blocks, mentions: mentions)
        var taught: [Int] = []
        var seen: Set<Int> = []
        for passage in passages where passage.isTeaching {
            for index in passage.blocks where blocks[index].isRunningText {
                taught += mentions[index].filter { seen.insert($0).inserted }
            }
        }
        self.bytes = markdown
        self.blocks = blocks
        self.passages = passages
        self.taughtTerms = taught
        self.hasProse = zip(blocks, visible).contains { block, text in
            block.isRunningText && text.contains { $0.isASCIILetter || $0 >= 0x80 }
        }
    }

    /// The heading that the section begins with, as plain text.
    var heading: String? {
        self.blocks.first { $0.kind != .blank }?.heading.map { PlainText.line($0.text, limit: 120) }
    }

    /// What the section holds.
    func facts(_ glossary: Glossary) -> SectionFacts {
        SectionFacts(
            hasCode: CodePieces.isHeld(by: self.blocks, of: self.bytes), hasProse: self.hasProse,
            domains: Set(self.passages.flatMap(\.terms).map { glossary.terms[$0].domain }))
    }
}

/// Finds code wherever it stands.
enum CodePieces {
    /// Whether any of the blocks is code or holds some.
    static func isHeld(by blocks: [Block], of bytes: [UInt8], depth: Int = 0) -> Bool {
        blocks.contains { block in
            switch block.kind {
            case .fence, .indentedCode: return true
            case .list, .blockQuote: return !NestedFences.ranges(in: bytes, block.range).isEmpty
            case .admonition(let admonition):
                guard depth < LessonFacts.maximumDepth, self.mayHold(bytes[admonition.content]) else { return false }
                let inner = BlockScanner.scan(bytes, in: admonition.content, firstLine: block.firstLine + 1)
                return Self.isHeld(by: inner, of: bytes, depth: depth + 1)
            default: return false
            }
        }
    }

    /// Whether there is a mark of code at all, which spares most admonitions a look inside.
    private static func mayHold(_ content: ArraySlice<UInt8>) -> Bool {
        var run = 0
        var last: UInt8 = 0
        for byte in content {
            if byte == UInt8(ascii: "\t") { return true }
            run = byte == last ? run + 1 : 1
            last = byte
            let isFence = byte == UInt8(ascii: "`") || byte == UInt8(ascii: "~")
            if isFence && run == 3 || byte == UInt8(ascii: " ") && run == 4 { return true }
        }
        return false
    }
}

extension Block {
    /// Text that goes on from sentence to sentence, or stands in items and cells.
    var isRunningText: Bool {
        switch self.kind {
        case .paragraph, .list, .blockQuote, .table: true
        case .admonition(let admonition): admonition.isClosed
        default: false
        }
    }
}

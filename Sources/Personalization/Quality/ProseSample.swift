import Textbook

/// The running text of a Markdown text: no headings, tables, code, link targets, formulas, tags or warnings of danger.
struct ProseSample {
    /// The visible bytes of each block; code and the like within are spaces.
    private(set) var blocks: [[UInt8]] = []
    /// Whether everything stands in lists.
    private(set) var isListOnly = true

    init(_ bytes: [UInt8]) {
        self.collect(BlockScanner.scan(bytes), of: bytes, depth: 0)
    }

    private mutating func collect(_ blocks: [Block], of bytes: [UInt8], depth: Int) {
        for block in blocks {
            switch block.kind {
            case .list: self.blocks.append(ProseText.visible(bytes, block))
            case .paragraph, .blockQuote:
                self.isListOnly = false
                self.blocks.append(ProseText.visible(bytes, block))
            case .admonition(let admonition):
                guard depth < LessonFacts.maximumDepth, !LessonFacts.warningNames.contains(admonition.name.lowercased())
                else { continue }
                let inner = BlockScanner.scan(bytes, in: admonition.content, firstLine: block.firstLine + 1)
                self.collect(inner, of: bytes, depth: depth + 1)
            default: break
            }
        }
    }

    /// All words in their order.
    var words: [String] { self.sentences.flatMap(\.self) }

    /// The sentences, each with at least one word.
    var sentences: [[String]] { self.blocks.flatMap { Sentences.read(String(decoding: $0, as: UTF8.self)) } }

    /// Places in the glossary of the terms that are mentioned.
    func terms(_ glossary: Glossary) -> Set<Int> {
        Set(self.blocks.flatMap { glossary.mentions(in: $0).map(\.term) })
    }

    /// How many letters there are, and how many of them belong to the script that Urdu is written in.
    /// - Parameter glossary: terms that are left out of account, since they stay in Latin script.
    func letters(without glossary: Glossary? = nil) -> (all: Int, urdu: Int) {
        var all = 0
        var urdu = 0
        for block in self.blocks {
            var bytes = block
            for mention in glossary?.mentions(in: block) ?? [] {
                for index in mention.range { bytes[index] = UInt8(ascii: " ") }
            }
            for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars where scalar.properties.isAlphabetic {
                all += 1
                if scalar.isUrduScript { urdu += 1 }
            }
        }
        return (all, urdu)
    }

    /// The reading grade, where there is text enough to tell.
    var reliableGrade: Double? {
        let sentences = self.sentences
        guard sentences.count >= 5, sentences.reduce(0, { $0 + $1.count }) >= 100 else { return nil }
        return ReadingGrade.grade(of: sentences)
    }
}

extension Unicode.Scalar {
    /// Whether the scalar belongs to the Arabic blocks.
    var isUrduScript: Bool {
        switch self.value {
        case 0x0600...0x06FF, 0x0750...0x077F, 0x08A0...0x08FF, 0xFB50...0xFDFF, 0xFE70...0xFEFF: true
        default: false
        }
    }
}

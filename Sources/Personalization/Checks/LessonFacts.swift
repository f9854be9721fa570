import Textbook

/// What must be the same in a lesson and in its personalized text, read out of one of them.
struct LessonFacts {
    struct HeadingShape: Hashable {
        var level: Int
        var id: String?
        var text: String
    }

    /// Every piece of code with its fences, in its order, wherever it stands.
    private(set) var code: [[UInt8]] = []
    private(set) var headings: [HeadingShape] = []
    /// Targets of links and images, in their order.
    private(set) var targets: [String] = []
    private(set) var tables: [[UInt8]] = []
    /// Numbers with their unit, white space removed.
    private(set) var measures: Set<String> = []
    /// Blocks that warn of danger, with their frames.
    private(set) var warnings: [[UInt8]] = []
    /// How often each HTML tag stands in the text.
    private(set) var tags: [String: Int] = [:]
    /// HTML and JSX blocks as they stand.
    private(set) var markup: [[UInt8]] = []
    /// The first block that is not blank.
    private(set) var opening: Block.Kind?
    /// The text without white space at its ends.
    let trimmed: ArraySlice<UInt8>
    /// The length of what is not code in Unicode scalars, the same measure for Latin and Urdu script.
    private(set) var length: Int

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let head = bytes.drop { $0 <= 0x20 }
        self.trimmed = head[..<((head.lastIndex { $0 > 0x20 } ?? head.startIndex - 1) + 1)]
        self.length = String(decoding: self.trimmed, as: UTF8.self).unicodeScalars.count
        self.collect(BlockScanner.scan(bytes), depth: 0)
        for piece in self.code { self.length -= String(decoding: piece, as: UTF8.self).unicodeScalars.count }
    }

    static let warningNames: Set<String> = ["warning", "danger", "caution"]
    /// Admonitions within more admonitions than this are read as text, which bounds the work on hostile ones.
    static let maximumDepth = 8

    private mutating func collect(_ blocks: [Block], depth: Int) {
        for block in blocks {
            if self.opening == nil, block.kind != .blank { self.opening = block.kind }
            switch block.kind {
            case .heading(let heading):
                self.headings.append(HeadingShape(level: heading.level, id: heading.id, text: heading.text))
                self.readInline(block.range)
            case .fence, .indentedCode:
                self.code.append(self.trimmedLines(block.range))
            case .admonition(let admonition):
                if Self.warningNames.contains(admonition.name.lowercased()) {
                    self.warnings.append(self.trimmedLines(block.range))
                }
                if depth < Self.maximumDepth {
                    let inner = BlockScanner.scan(self.bytes, in: admonition.content, firstLine: block.firstLine + 1)
                    self.collect(inner, depth: depth + 1)
                }
            case .list, .blockQuote:
                let nested = NestedFences.ranges(in: self.bytes, block.range)
                self.code += nested.map { self.trimmedLines($0) }
                self.readInline(block.range, without: nested)
            case .table:
                self.tables.append(self.trimmedLines(block.range))
                self.readInline(block.range)
            case .paragraph:
                self.readInline(block.range)
            case .html, .jsx:
                self.markup.append(self.trimmedLines(block.range))
                self.readInline(block.range)
            case .frontMatter, .comment, .math, .moduleStatement, .thematicBreak, .blank:
                break
            }
        }
    }

    private mutating func readInline(_ range: Range<Int>, without code: [Range<Int>] = []) {
        var block = Array(self.bytes[range])
        for piece in code {
            for index in piece where !self.bytes[index].isLineEnd {
                block[index - range.lowerBound] = UInt8(ascii: " ")
            }
        }
        let scan = InlineScan(block[...])
        self.targets += scan.targets
        for tag in scan.tags { self.tags[tag, default: 0] += 1 }
        self.measures.formUnion(Measures.find(in: String(decoding: scan.visible, as: UTF8.self)))
    }

    /// The bytes of a range without the line endings at its end.
    private func trimmedLines(_ range: Range<Int>) -> [UInt8] {
        var end = range.upperBound
        while end > range.lowerBound, self.bytes[end - 1].isLineEnd { end -= 1 }
        return Array(self.bytes[range.lowerBound..<end])
    }
}

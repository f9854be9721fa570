import Textbook

/// The words of a block that are prose.
enum ProseText {
    /// As long as the block: code, link targets, formulas and tags are replaced by spaces. Empty for blocks that hold
    /// no prose.
    static func visible(_ body: [UInt8], _ block: Block) -> [UInt8] {
        switch block.kind {
        case .paragraph, .heading, .table: return InlineScan(body[block.range]).visible
        case .list, .blockQuote:
            return self.scan(body, block.range, without: NestedFences.ranges(in: body, block.range))
        case .admonition(let admonition):
            let blocks = BlockScanner.scan(body, in: admonition.content, firstLine: block.firstLine + 1)
            let code = blocks.filter { $0.fence != nil || $0.kind == .indentedCode }.map(\.range)
            return self.scan(body, admonition.content, without: code)
        case .frontMatter, .fence, .indentedCode, .comment, .html, .jsx, .math, .moduleStatement, .thematicBreak,
            .blank:
            return []
        }
    }

    private static func scan(_ body: [UInt8], _ range: Range<Int>, without code: [Range<Int>]) -> [UInt8] {
        var bytes = Array(body[range])
        for piece in code {
            for index in piece where !body[index].isLineEnd { bytes[index - range.lowerBound] = UInt8(ascii: " ") }
        }
        return InlineScan(bytes[...]).visible
    }
}

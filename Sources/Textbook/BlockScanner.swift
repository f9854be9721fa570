/// Cuts a Markdown text into its top-level blocks, line by line and in linear time.
///
/// Follows the block phase of CommonMark 0.31 and GFM tables, so that headings, lists and fences are where a renderer
/// sees them, and adds what textbooks use on top: front matter, `:::` containers, `$$` formulas, MDX components and
/// module statements. The blocks partition the text byte for byte; no input is an error.
public enum BlockScanner {
    /// The blocks of a text.
    public static func scan(_ text: String) -> [Block] {
        var text = text
        return text.withUTF8 { self.scan($0, in: 0..<$0.count) }
    }

    /// The blocks of a text given as bytes. Bytes that are not UTF-8 pass through.
    public static func scan(_ bytes: [UInt8]) -> [Block] {
        bytes.withUnsafeBufferPointer { self.scan($0, in: 0..<$0.count) }
    }

    /// The blocks of a piece of a text, such as an admonition's content; offsets count from the text's beginning.
    /// Front matter is looked for only where the piece begins with the text.
    ///
    /// - Parameter firstLine: the number of the piece's first line.
    public static func scan(_ bytes: [UInt8], in range: Range<Int>, firstLine: Int = 1) -> [Block] {
        bytes.withUnsafeBufferPointer { self.scan($0, in: range, firstLine: firstLine) }
    }

    static func scan(_ bytes: Bytes, in range: Range<Int>, firstLine: Int = 1) -> [Block] {
        var scan = BlockScan(bytes: bytes, range: range, firstLine: firstLine)
        return scan.run()
    }

    /// The headings of a text in their order, those inside admonitions included.
    public static func headings(_ bytes: [UInt8]) -> [Block] {
        var found: [Block] = []
        bytes.withUnsafeBufferPointer { bytes in
            let blocks = self.scan(bytes, in: 0..<bytes.count)
            self.collectHeadings(bytes, of: blocks, depth: 0, into: &found)
        }
        return found
    }

    private static func collectHeadings(_ bytes: Bytes, of blocks: [Block], depth: Int, into found: inout [Block]) {
        for block in blocks {
            if block.heading != nil {
                found.append(block)
            } else if let admonition = block.admonition, depth < BlockScan.maximumDepth {
                let inner = self.scan(bytes, in: admonition.content, firstLine: block.firstLine + 1)
                self.collectHeadings(bytes, of: inner, depth: depth + 1, into: &found)
            }
        }
    }
}

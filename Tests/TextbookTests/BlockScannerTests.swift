import ServerTesting
import Testing
import Textbook

/// What the scanner promises beyond agreement with CommonMark.
@Suite struct BlockScannerTests {
    private static func kinds(_ text: String) -> [String] {
        BlockScanner.scan(text).map { block in
            let name = String(describing: block.kind)
            return String(name.prefix { $0 != "(" })
        }
    }

    private static func text(_ block: Block, of source: String) -> String {
        String(decoding: Array(source.utf8)[block.range], as: UTF8.self)
    }

    static func expectPartition(_ bytes: [UInt8], seed: UInt64) {
        var place = 0
        var line = 1
        for block in BlockScanner.scan(bytes) {
            #expect(block.range.lowerBound == place && !block.range.isEmpty, "seed \(seed)")
            #expect(block.firstLine == line, "seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            line += Self.lineEnds(bytes, block.range)
            place = block.range.upperBound
        }
        #expect(place == bytes.count, "seed \(seed)")
    }

    private static func lineEnds(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        range.count { place in
            bytes[place] == UInt8(ascii: "\n")
                || (bytes[place] == UInt8(ascii: "\r")
                    && (place + 1 == bytes.count || bytes[place + 1] != UInt8(ascii: "\n")))
        }
    }

    private static let fragments = [
        "---\n", "title: x\n", "# h\n", "text", "\n", "\n\n", "\r\n", "\r", ":::note\n", "::::tip[T]\n", ":::\n",
        "::::\n", "```\n", "~~~js\n", "```", "$$\n", "$$ x $$\n", "$$", "<Tabs>\n", "</Tabs>\n", "<Tab />\n",
        "<A b={\n",
        "}>\n", "- ", "> ", "1. ", "    ", "\t", "| a |\n", "|---|\n", "===\n", "import X from 'y'\n",
        "export const a\n",
        "<!--", "-->\n", "{/* c */}\n", "\u{FEFF}", "\0", "اردو ", "<div>\n", "<script>\n", "[a]: /b\n", "***\n",
    ]

    @Test(arguments: 1...40)
    func blocksPartitionHostileText(round: Int) {
        let seed = UInt64(round)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var bytes: [UInt8] = []
            for _ in 0..<generator.below(40) { bytes += Array(generator.pick(Self.fragments).utf8) }
            Self.expectPartition(bytes, seed: seed)
        }
    }

    @Test func blocksPartitionArbitraryBytes() {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("#-=`~:|<>!$*_ \t\n\r{}[]()/A1a\\\"'".utf8) + [0, 0xEF, 0xBB, 0xBF, 0xFF]
        for _ in 0..<5_000 {
            let bytes = (0..<generator.below(120)).map { _ in generator.pick(alphabet) }
            Self.expectPartition(bytes, seed: 7)
        }
    }

    @Test(arguments: [
        ("---\ntitle: a\n---\n# b\n", ["frontMatter", "heading"]),
        ("---\ntitle: a\n\n# b\n", ["thematicBreak", "paragraph", "blank", "heading"]),
        ("text\n\n---\ntitle: a\n---\n", ["paragraph", "blank", "thematicBreak", "heading"]),
        (":::note\n\n# in\n\n:::\n\nafter\n", ["admonition", "blank", "paragraph"]),
        ("::::a\n:::b\nx\n:::\n::::\ny\n", ["admonition", "paragraph"]),
        (":::a\n:::b\nx\n:::\ny\n:::\nz\n", ["admonition", "paragraph"]),
        (":::note\n```\n:::\n```\n:::\nx\n", ["admonition", "paragraph"]),
        ("text\n:::note\nx\n:::\n", ["paragraph", "admonition"]),
        (":::\ntext\n", ["paragraph"]),
        ("````md\n```\n# no\n```\n````\n", ["fence"]),
        ("$$\n# no\n\nx\n$$\n# yes\n", ["math", "heading"]),
        ("$$ x + y $$\ntext\n", ["math", "paragraph"]),
        ("$$ costs\n\n# yes\n", ["paragraph", "blank", "heading"]),
        ("$$\nx\n\n# yes\n", ["paragraph", "blank", "heading"]),
        ("<Tabs>\n\n<Tab a={1 > 0}>\n\n# no\n\n</Tab>\n\n</Tabs>\n\ntext\n", ["jsx", "blank", "paragraph"]),
        ("<T> is a type\n\n# yes\n\n", ["paragraph", "blank", "heading", "blank"]),
        ("<Note\n  title=\"a > b\"\n/>\ntext\n", ["jsx", "paragraph"]),
        ("<Kbd>Ctrl</Kbd> stops it\n", ["paragraph"]),
        ("import X from './x'\n\ntext\n", ["moduleStatement", "blank", "paragraph"]),
        ("import duties rose\n", ["paragraph"]),
        ("<!--\n# no\n\n-->\n# yes\n", ["comment", "heading"]),
        ("{/* # no */}\n", ["comment"]),
        ("- a\n\n  ```\n  # no\n  ```\n\n# yes\n", ["list", "blank", "heading"]),
        ("a\n| b | c |\n|---|---|\n| d | e |\n# f\n", ["paragraph", "table", "heading"]),
        ("[a]: /b\n===\n", ["paragraph"]),
        ("\u{FEFF}# h\n", ["heading"]),
        ("", []),
    ])
    func recognisesWhatTextbooksUse(source: String, expected: [String]) {
        #expect(Self.kinds(source) == expected)
    }

    @Test(
        arguments: [
            ("## C#\n", "C#", nil),
            ("## C# ##\n", "C#", nil),
            ("## Setup {#install}\n", "Setup", "install"),
            ("## Setup {#install} ##\n", "Setup", "install"),
            ("## A set {1, 2}\n", "A set {1, 2}", nil),
            ("Two\nlines {#x}\n---\n", "Two lines", "x"),
            ("##\n", "", nil),
        ] as [(String, String, String?)])
    func headingsKeepTheirTextAndId(source: String, text: String, id: String?) throws {
        let heading = try #require(BlockScanner.scan(source).first?.heading)
        #expect(heading.text == text)
        #expect(heading.id == id)
        #expect(heading.level == 2)
    }

    @Test func aFenceKnowsItsCodeAndLanguage() throws {
        let source = "  ```swift title=\"a\"\n  let a = 1\n\n  ```\n"
        let fence = try #require(BlockScanner.scan(source).first?.fence)
        #expect(fence.language == "swift")
        #expect(fence.indent == 2)
        #expect(fence.isClosed)
        #expect(String(decoding: Array(source.utf8)[fence.content], as: UTF8.self) == "  let a = 1\n\n")
    }

    @Test func whatIsNotClosedSaysSo() throws {
        #expect(BlockScanner.scan("```\na\n").first?.fence?.isClosed == false)
        #expect(BlockScanner.scan(":::note\na\n").first?.admonition?.isClosed == false)
        #expect(BlockScanner.scan(":::note\n:::tip\na\n:::\n").first?.admonition?.isClosed == false)
        #expect(BlockScanner.scan(":::a\n::::b\nx\n:::\n").first?.admonition?.isClosed == false)
    }

    @Test func headingsInsideAdmonitionsAreFoundWithTheirLines() {
        let source = "# a\n\n:::note\n\n## b\n\n::::tip\n### c\n::::\n:::\n\n# d\n"
        let headings = BlockScanner.headings(Array(source.utf8))
        #expect(headings.map { $0.heading?.text } == ["a", "b", "c", "d"])
        #expect(headings.map(\.firstLine) == [1, 5, 8, 12])
    }

    @Test(arguments: [
        "<A>\n\n", "<A ", "<A>\n\n</B>\n", "$$\n", "$$ a\n", ":::a\n", "> ", "- ", "- a\n", "[", "[a]: b\n", "```\n",
        "|a", "a\n|-|\n", "<!--", "<!-- \n\n", "\t", "    a\n\n", "1. ", "</A> x\n\n<A>\n\n", "<div>\n", "\r",
        "---\n", "a\n===\n", "{/*\n", "import a from '\n\n", ":::a\n:::\n", "<A\n", "<A b='\n", "</script", "`",
    ])
    func timeGrowsWithTheLengthOnly(piece: String) {
        let ratio = Growth.ratio(small: 20_000 / piece.utf8.count) { count in
            _ = BlockScanner.scan(Array(String(repeating: piece, count: count).utf8))
        }
        #expect(ratio < 30, "\(piece.debugDescription)")
    }
}

import MarkdownHTML
import Textbook

/// The ids that a lesson's page gives to its headings, by the line they stand on.
struct SectionAnchors {
    private let headings: [(line: Int, id: String)]

    /// - Parameter text: the lesson's file, with its front matter.
    init(_ text: String) {
        let bytes = Array(text.utf8)
        let blocks = BlockScanner.scan(bytes)
        // The page shows the text without front matter.
        let start = blocks.first?.kind == .frontMatter ? blocks[0].range.upperBound : 0
        let shown = MarkdownRenderer().headings(String(decoding: bytes[start...], as: UTF8.self))
        var headings: [(line: Int, id: String)] = []
        var next = 0
        for block in blocks {
            guard let heading = block.heading else { continue }
            // The page counts headings inside quotes and lists too; those are passed over here.
            let words = TextNormalizer().words(InlineText.plain(heading.text))
            let match = shown[next...].firstIndex {
                $0.level == heading.level && TextNormalizer().words($0.text) == words
            }
            guard let match else { continue }
            headings.append((block.firstLine, shown[match].id))
            next = match + 1
        }
        self.headings = headings
    }

    /// The id of the heading on the line, or else of the nearest one above.
    func anchor(atLine line: Int) -> String? {
        self.headings.last { $0.line <= line }?.id
    }
}

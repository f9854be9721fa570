import Textbook

/// The lesson that is to be personalized, as material.
public struct LessonSource: Hashable, Sendable {
    /// The title readers see.
    public var title: String
    /// The lesson's file: Markdown, with or without front matter.
    public var markdown: [UInt8]

    /// A lesson from its file's bytes.
    public init(title: String, markdown: [UInt8]) {
        self.title = title
        self.markdown = markdown
    }

    /// The text after the front matter, which is what a reader sees.
    var body: [UInt8] {
        guard let first = BlockScanner.scan(self.markdown).first, first.kind == .frontMatter else {
            return self.markdown
        }
        return Array(self.markdown[first.range.upperBound...].drop(while: \.isLineEnd))
    }
}

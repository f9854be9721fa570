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

    /// The text after the front matter, which is what a reader sees. Line ends and byte order marks before it are no
    /// part of it.
    var body: [UInt8] {
        var body = self.markdown[...]
        if let first = BlockScanner.scan(self.markdown).first, first.kind == .frontMatter {
            body = body[first.range.upperBound...]
        }
        body = body.drop(while: \.isLineEnd)
        while body.startsWithByteOrderMark { body = body.dropFirst(3).drop(while: \.isLineEnd) }
        return Array(body)
    }
}

extension ArraySlice<UInt8> {
    /// Whether a byte order mark in UTF-8 stands at the beginning.
    var startsWithByteOrderMark: Bool { self.starts(with: [0xEF, 0xBB, 0xBF]) }
}

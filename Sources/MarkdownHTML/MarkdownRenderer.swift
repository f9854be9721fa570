/// Turns Markdown (CommonMark with GitHub's tables, strikethrough, autolinks and task lists) into HTML that is safe to
/// serve, whoever wrote the Markdown.
///
/// Raw HTML is shown as text, comments are left out. Links lead to http, https and mailto addresses, to fragments or to
/// relative addresses; images come from the own origin. Everything else of a link or an image remains as its text.
/// `:::note Title` … `:::` becomes an aside. Code in languages known here gets a `<span class="tok-…">` around keywords,
/// texts, numbers and the like; its text is never changed. The same Markdown always gives the same HTML.
public struct MarkdownRenderer: Sendable {
    /// What to allow, and how much of it.
    public struct Options: Sendable {
        /// The most bytes (UTF-8) of the Markdown.
        public var maximumBytes = 1 << 20
        /// The most bytes (UTF-8) of the HTML.
        public var maximumOutputBytes = 8 << 20
        /// How deep quotes and lists may nest on one line.
        public var maximumDepth = 64
        /// The most cells of all tables together.
        public var maximumTableCells = 50_000
        /// Put before the addresses of images that do not begin with a slash.
        public var imageBase = ""
        /// The most pieces of code that get a colour of their own; the rest of the code is shown plain.
        public var maximumCodeSpans = 2_000
        /// Whether the text runs from right to left, so that code in it must be told to run the other way.
        public var isRightToLeft = false
        /// Whether headings below the first level end with a link to themselves, for pointers.
        public var linksHeadings = false
        /// What a table's scrolling frame is called for those who do not see it.
        public var tableLabel = "Table"

        public init() {}
    }

    private let options: Options

    public init(options: Options = .init()) {
        self.options = options
    }

    /// The HTML of `markdown`, a sequence of block elements. Throws ``MarkdownError`` for what exceeds a limit.
    public func html(_ markdown: String) throws -> String {
        let source = try MarkdownSource(markdown, options: self.options)
        let tree = MarkdownTree(source.text)
        var writer = HTMLWriter(source: source, options: self.options, headings: tree.headings(source))
        try tree.forEachEvent { event, node throws(MarkdownError) in try writer.visit(event, node) }
        return writer.html
    }

    /// The headings of `markdown` in their order, with the ids that ``html(_:)`` gives them; none where that throws.
    public func headings(_ markdown: String) -> [Heading] {
        guard let source = try? MarkdownSource(markdown, options: self.options) else { return [] }
        return MarkdownTree(source.text).headings(source)
    }
}

/// A heading of a document.
public struct Heading: Hashable, Sendable {
    /// 1 to 6.
    public let level: Int
    /// Without markup.
    public let text: String
    /// The fragment that leads to it, unique in the document.
    public let id: String

    public init(level: Int, text: String, id: String) {
        self.level = level
        self.text = text
        self.id = id
    }
}

/// One top-level piece of a Markdown text: a heading, a paragraph, a whole list.
///
/// The blocks of a text partition it: the first begins at 0, each begins where the one before ends, the last ends
/// with the text. Line endings belong to the block whose line they end.
public struct Block: Hashable, Sendable {
    /// What the block is.
    public var kind: Kind
    /// Byte offsets in the scanned text.
    public var range: Range<Int>
    /// The line of the first byte, from 1.
    public var firstLine: Int

    /// A block from its fields.
    public init(kind: Kind, range: Range<Int>, firstLine: Int) {
        self.kind = kind
        self.range = range
        self.firstLine = firstLine
    }

    /// The kinds of blocks.
    public enum Kind: Hashable, Sendable {
        /// YAML between two `---` lines at the very beginning.
        case frontMatter
        /// An ATX or setext heading.
        case heading(Heading)
        /// Code between fences of backticks or tildes.
        case fence(Fence)
        /// Code indented by four columns or more.
        case indentedCode
        /// A container between `:::` lines, whatever it holds.
        case admonition(Admonition)
        /// A GFM table: header row, delimiter row, rows.
        case table
        /// A list with all that its items hold.
        case list(isOrdered: Bool)
        /// A quote with all that it holds.
        case blockQuote
        /// An HTML or MDX comment.
        case comment
        /// Any other HTML block.
        case html
        /// An MDX component from its opening to its closing tag.
        case jsx
        /// A formula between `$$`.
        case math
        /// MDX `import` and `export` statements.
        case moduleStatement
        /// Text; link reference definitions as well.
        case paragraph
        /// A line of `***`, `---` or `___`.
        case thematicBreak
        /// One or more blank lines.
        case blank
    }

    /// The heading, if the block is one.
    public var heading: Heading? {
        guard case .heading(let heading) = self.kind else { return nil }
        return heading
    }

    /// The fence, if the block is fenced code.
    public var fence: Fence? {
        guard case .fence(let fence) = self.kind else { return nil }
        return fence
    }

    /// The admonition, if the block is one.
    public var admonition: Admonition? {
        guard case .admonition(let admonition) = self.kind else { return nil }
        return admonition
    }
}

/// What a heading says.
public struct Heading: Hashable, Sendable {
    /// 1 to 6.
    public var level: Int
    /// The text as written, inline Markdown included, without markers and without an explicit id.
    public var text: String
    /// The id given as `{#id}` at the end.
    public var id: String?
    /// Whether it is underlined with `===` or `---`.
    public var isSetext: Bool
}

/// The frame of a fenced code block.
public struct Fence: Hashable, Sendable {
    /// A backtick or a tilde.
    public var marker: UInt8
    /// How many markers open it, at least 3.
    public var length: Int
    /// The columns of indentation of the opening line, 0 to 3.
    public var indent: Int
    /// What follows the markers, trimmed.
    public var info: String
    /// Whether a closing fence was found before the text's end.
    public var isClosed: Bool
    /// The code's bytes, without the fences.
    public var content: Range<Int>

    /// The first word of the info string, empty when there is none.
    public var language: Substring {
        self.info.prefix { $0 != " " && $0 != "\t" && $0 != "{" && $0 != "," }
    }
}

/// The frame of a `:::` container.
public struct Admonition: Hashable, Sendable {
    /// The word after the colons, such as `note` or `warning`.
    public var name: String
    /// What follows the name, brackets and attributes included, trimmed.
    public var title: String
    /// How many colons open it, at least 3.
    public var colons: Int
    /// Whether this container and all within it were closed before the text's end.
    public var isClosed: Bool
    /// The bytes between the opening and the closing line.
    public var content: Range<Int>
}

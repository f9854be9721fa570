import CMarkGFM
import Synchronization

/// A parsed document; goes through its nodes without recursion, so that depth costs no stack.
struct MarkdownTree: ~Copyable {
    enum Event {
        case enter, exit
    }

    private let root: OpaquePointer

    /// Strikethrough alone needs it: see ``ParserExtensions``.
    private static let strikethroughLock = Mutex<Void>(())

    /// Parses UTF-8.
    init(_ markdown: [UInt8]) {
        // Whoever parses a tilde must have the library's table of special characters for itself meanwhile.
        let root =
            markdown.contains(UInt8(ascii: "~"))
            ? Self.strikethroughLock.withLock { _ in Self.parse(markdown, with: ParserExtensions.all) }
            : Self.parse(markdown, with: ParserExtensions.withoutStrikethrough)
        guard let root else { fatalError("cmark-gfm has no memory") }
        // Adjacent pieces of text become one, which markers and heading ids rely on.
        cmark_consolidate_text_nodes(root)
        self.root = root
    }

    deinit { cmark_node_free(self.root) }

    private static func parse(_ markdown: [UInt8], with extensions: ParserExtensions) -> OpaquePointer? {
        let parser = cmark_parser_new(CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8)
        defer { cmark_parser_free(parser) }
        extensions.attach(to: parser)
        markdown.withUnsafeBytes { bytes in
            cmark_parser_feed(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return cmark_parser_finish(parser)
    }

    /// Visits every node, children between the two events of their parent; leaves are only entered.
    func forEachEvent<E: Error>(_ body: (Event, MarkdownNode) throws(E) -> Void) throws(E) {
        let iterator = cmark_iter_new(self.root)
        defer { cmark_iter_free(iterator) }
        while true {
            switch cmark_iter_next(iterator) {
            case CMARK_EVENT_ENTER: try body(.enter, MarkdownNode(cmark_iter_get_node(iterator)))
            case CMARK_EVENT_EXIT: try body(.exit, MarkdownNode(cmark_iter_get_node(iterator)))
            default: return
            }
        }
    }

    /// All headings with their ids. Ids that an author gave go before those made from titles.
    func headings(_ source: MarkdownSource) -> [Heading] {
        var found: [(level: Int, title: String, id: String?)] = []
        var text: String?
        self.forEachEvent { event, node in
            switch (node.kind, event) {
            case (.heading, .enter):
                text = ""
            case (.heading, .exit):
                let (title, id) = HeadingIDs.divide(source.restored(text ?? ""))
                found.append((node.headingLevel, title, id))
                text = nil
            case (.text, _), (.code, _):
                text?.append(node.literal)
            case (.softBreak, _), (.lineBreak, _):
                text?.append(" ")
            default:
                break
            }
        }
        var ids = HeadingIDs()
        let given = found.map { $0.id.map { ids.claim($0) } }
        return zip(found, given).map { heading, id in
            Heading(
                level: heading.level, text: heading.title, id: id ?? ids.claim(HeadingIDs.slug(heading.title)))
        }
    }
}

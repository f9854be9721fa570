import CMarkGFM

/// One node of a ``MarkdownTree``, valid as long as the tree.
struct MarkdownNode {
    enum Kind: String {
        case document, paragraph, heading, list, item, table, text, code, link, image, strikethrough
        case blockQuote = "block_quote"
        case task = "tasklist"
        case codeBlock = "code_block"
        case htmlBlock = "html_block"
        case rule = "thematic_break"
        case softBreak = "softbreak"
        case lineBreak = "linebreak"
        case htmlInline = "html_inline"
        case emphasis = "emph"
        case strong
        case tableHeader = "table_header"
        case tableRow = "table_row"
        case tableCell = "table_cell"
        /// Footnotes and custom nodes, which no option here produces.
        case other
    }

    private let pointer: OpaquePointer?
    let kind: Kind

    init(_ pointer: OpaquePointer?) {
        self.pointer = pointer
        self.kind = Kind(rawValue: Self.string(cmark_node_get_type_string(pointer))) ?? .other
    }

    /// The text of a text, code or HTML node.
    var literal: String { Self.string(cmark_node_get_literal(self.pointer)) }
    var headingLevel: Int { Int(cmark_node_get_heading_level(self.pointer)) }
    /// The address of a link or an image, entities and escapes undone.
    var address: String { Self.string(cmark_node_get_url(self.pointer)) }
    var title: String { Self.string(cmark_node_get_title(self.pointer)) }
    /// The line after a fence's marks.
    var fenceInfo: String { Self.string(cmark_node_get_fence_info(self.pointer)) }
    var isChecked: Bool { cmark_gfm_extensions_get_tasklist_item_checked(self.pointer) }
    var isFirst: Bool { cmark_node_previous(self.pointer) == nil }
    var isLast: Bool { cmark_node_next(self.pointer) == nil }

    /// `nil` for a bulleted list.
    var firstNumber: Int? {
        cmark_node_get_list_type(self.pointer) == CMARK_ORDERED_LIST
            ? Int(cmark_node_get_list_start(self.pointer)) : nil
    }

    /// Whether a paragraph stands in a list whose items are written without space between them.
    var isInTightList: Bool {
        let list = cmark_node_parent(cmark_node_parent(self.pointer))
        return list != nil && cmark_node_get_list_tight(list) != 0
    }

    /// The text of a paragraph that consists of nothing else.
    var onlyText: String? {
        guard let child = cmark_node_first_child(self.pointer), cmark_node_next(child) == nil,
            cmark_node_get_type(child) == CMARK_NODE_TEXT
        else { return nil }
        return Self.string(cmark_node_get_literal(child))
    }

    /// `left`, `center` or `right` for each column of a table; `nil` where the author leaves it open.
    var columnAlignments: [String?] {
        let count = Int(cmark_gfm_extensions_get_table_columns(self.pointer))
        guard let alignments = cmark_gfm_extensions_get_table_alignments(self.pointer) else { return [] }
        return (0..<count).map { column in
            switch alignments[column] {
            case UInt8(ascii: "l"): "left"
            case UInt8(ascii: "c"): "center"
            case UInt8(ascii: "r"): "right"
            default: nil
            }
        }
    }

    private static func string(_ text: UnsafePointer<CChar>?) -> String {
        text.map { String(cString: $0) } ?? ""
    }
}

import CMarkGFM

/// libcmark-gfm's own answer to where top-level blocks begin and what headings there are.
enum CommonMarkOracle {
    struct Entry: Hashable, CustomStringConvertible {
        var line: Int
        var kind: String
        var description: String { "\(self.line):\(self.kind)" }
    }

    private static let register: Void = cmark_gfm_core_extensions_ensure_registered()

    static func blocks(_ text: String) -> [Entry] {
        _ = self.register
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return [] }
        defer { cmark_parser_free(parser) }
        if let table = cmark_find_syntax_extension("table") {
            cmark_parser_attach_syntax_extension(parser, table)
        }
        cmark_parser_feed(parser, text, text.utf8.count)
        guard let document = cmark_parser_finish(parser) else { return [] }
        defer { cmark_node_free(document) }
        var entries: [Entry] = []
        var child = cmark_node_first_child(document)
        while let node = child {
            entries.append(Entry(line: Int(cmark_node_get_start_line(node)), kind: self.kind(of: node)))
            child = cmark_node_next(node)
        }
        return entries
    }

    private static func kind(of node: OpaquePointer) -> String {
        let name = String(cString: cmark_node_get_type_string(node))
        switch name {
        case "heading": return "heading\(cmark_node_get_heading_level(node))"
        case "list": return cmark_node_get_list_type(node) == CMARK_ORDERED_LIST ? "ordered" : "bullet"
        default: return name
        }
    }
}

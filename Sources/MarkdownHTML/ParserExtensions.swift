import CMarkGFM

/// GitHub's extensions of the parser, registered once.
///
/// The library keeps one table for the whole process of the characters at which text may end: each parser enters the
/// characters of its extensions before it reads the text, and takes them out afterwards, so two parsers at a time would
/// disturb each other. The characters of addresses (`:`, `w`) are therefore entered here once and for all, and no parser
/// changes them any more. Strikethrough's tilde cannot be treated so, since its extension is found by the character; a
/// text with a tilde has to wait its turn. `docs/decisions/0011-parallel-markdown.md` says how that was found out.
struct ParserExtensions: Sendable {
    /// For any text, one at a time.
    static let all = ParserExtensions(names: Self.shared + ["strikethrough"])
    /// For texts without a tilde, in any number at a time.
    static let withoutStrikethrough = ParserExtensions(names: Self.shared)

    private static let shared = ["table", "autolink", "tasklist"]

    private static let isRegistered: Bool = {
        cmark_gfm_core_extensions_ensure_registered()
        let parser = cmark_parser_new(CMARK_OPT_DEFAULT)
        defer { cmark_parser_free(parser) }
        for name in Self.shared {
            cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(name))
        }
        cmark_manage_extensions_special_characters(parser, 1)
        // Two characters' list nodes stay allocated for the life of the process.
        cmark_syntax_extension_set_special_inline_chars(cmark_find_syntax_extension("autolink"), nil)
        return true
    }()

    private let names: [String]

    /// Adds the extensions to a parser.
    func attach(to parser: OpaquePointer?) {
        guard Self.isRegistered else { fatalError("the extensions of cmark-gfm are not registered") }
        for name in self.names {
            cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(name))
        }
    }
}

/// What tells the words of one programming language from those of another.
struct ProgramGrammar: Sendable {
    var lineComment: StaticString?
    var hasBlockComments = false
    /// Whether a block comment may hold another.
    var nestsComments = false
    var quotes: [UInt8] = [UInt8(ascii: "\"")]
    var hasTripleQuotes = false
    /// Letters that may stand before a quote, in lower case.
    var stringPrefixes: Set<String> = []
    /// Whether a text in quotes before a colon is a key.
    var hasKeys = false
    /// Whether `@name` is an attribute.
    var hasAttributes = false
    /// Whether `#name` is a directive.
    var hasDirectives = false
    var keywords: Set<String> = []
    /// Functions and types of the language's own.
    var names: Set<String> = []
    /// Keywords whose next word is a name.
    var definers: Set<String> = []

    fileprivate static func words(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}

extension ProgramGrammar {
    static let python: ProgramGrammar = {
        var grammar = ProgramGrammar()
        grammar.lineComment = "#"
        grammar.quotes = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        grammar.hasTripleQuotes = true
        grammar.stringPrefixes = ["r", "b", "f", "u", "rb", "br", "fr", "rf"]
        grammar.hasAttributes = true
        grammar.keywords = words(
            """
            and as assert async await break case class continue def del elif else except finally for from global if
            import in is lambda match nonlocal not or pass raise return try while with yield None True False self
            """)
        grammar.names = words(
            """
            abs all any bool bytes dict enumerate filter float int isinstance len list map max min open print range
            reversed round set sorted str sum super tuple type zip
            """)
        grammar.definers = ["def", "class"]
        return grammar
    }()

    static let c: ProgramGrammar = {
        var grammar = ProgramGrammar()
        grammar.lineComment = "//"
        grammar.hasBlockComments = true
        grammar.quotes = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        grammar.hasDirectives = true
        grammar.keywords = words(
            """
            alignas auto break case catch class const constexpr continue default delete do else enum explicit extern
            false final for friend goto if inline mutable namespace new noexcept nullptr operator override private
            protected public return sizeof static static_cast struct switch template this throw true try typedef
            typename union using virtual volatile while
            """)
        grammar.names = words(
            """
            bool char double float int int8_t int16_t int32_t int64_t long short signed size_t std string uint8_t
            uint16_t uint32_t uint64_t unsigned vector void
            """)
        grammar.definers = ["class", "struct", "enum", "namespace"]
        return grammar
    }()

    static let swift: ProgramGrammar = {
        var grammar = ProgramGrammar()
        grammar.lineComment = "//"
        grammar.hasBlockComments = true
        grammar.nestsComments = true
        grammar.hasTripleQuotes = true
        grammar.hasAttributes = true
        grammar.hasDirectives = true
        grammar.keywords = words(
            """
            actor any as associatedtype async await break case catch class continue default defer do else enum extension
            false fileprivate final for func guard if import in init inout internal is lazy let mutating nil open
            operator override package private protocol public repeat rethrows return self Self some static struct
            subscript super switch throw throws true try typealias var weak where while
            """)
        grammar.names = words(
            "Array Bool Character Data Dictionary Double Float Int Optional Set String UInt UInt8 Void print")
        grammar.definers = ["func", "class", "struct", "enum", "protocol", "actor", "extension", "typealias"]
        return grammar
    }()

    static let json: ProgramGrammar = {
        var grammar = ProgramGrammar()
        grammar.lineComment = "//"
        grammar.hasBlockComments = true
        grammar.hasKeys = true
        grammar.keywords = ["true", "false", "null"]
        return grammar
    }()
}

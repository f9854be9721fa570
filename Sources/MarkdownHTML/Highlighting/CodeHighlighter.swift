/// Writes blocks of code with a `<span class="tok-…">` around what deserves a colour. The text itself is never changed.
struct CodeHighlighter {
    /// Blocks with more bytes stay as they are.
    static let maximumBytes = 128 * 1_024

    /// How many more spans the document may have: each costs some thirty bytes of its page.
    private(set) var spansLeft: Int

    init(maximumSpans: Int) {
        self.spansLeft = max(0, maximumSpans)
    }

    mutating func append(_ code: String, language: some StringProtocol, to html: inout String) {
        guard code.utf8.count <= Self.maximumBytes, let language = CodeLanguage(named: language) else {
            HTMLEscape.append(code, to: &html)
            return
        }
        let bytes = Array(code.utf8)
        let tokens = language.tokens(of: bytes, maximum: self.spansLeft)
        self.spansLeft -= tokens.count
        var place = 0
        for token in tokens {
            HTMLEscape.append(String(decoding: bytes[place..<token.range.lowerBound], as: UTF8.self), to: &html)
            html += "<span class=\"tok-\(token.kind.rawValue)\">"
            HTMLEscape.append(String(decoding: bytes[token.range], as: UTF8.self), to: &html)
            html += "</span>"
            place = token.range.upperBound
        }
        HTMLEscape.append(String(decoding: bytes[place...], as: UTF8.self), to: &html)
    }
}

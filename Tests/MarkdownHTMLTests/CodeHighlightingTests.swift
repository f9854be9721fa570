import Foundation
import ServerTesting
import Testing

@testable import MarkdownHTML

@Suite struct CodeHighlightingTests {
    private static let languages = [
        "python", "bash", "console", "xml", "yaml", "json", "c++", "swift", "unknown", "",
    ]

    private func html(_ code: String, _ language: String, maximumSpans: Int = 2_000) -> String {
        var highlighter = CodeHighlighter(maximumSpans: maximumSpans)
        var html = ""
        highlighter.append(code, language: language, to: &html)
        return html
    }

    /// The text of HTML that holds nothing but spans of tokens; `nil` for any other, and for spans that do not pair.
    private func text(_ html: String) -> String? {
        let classes = Set(CodeToken.Kind.allCases.map { "span class=\"tok-\($0.rawValue)\"" })
        var text = ""
        var isOpen = false
        for (index, piece) in html.unicodeScalars.split(separator: "<", omittingEmptySubsequences: false).enumerated() {
            guard index > 0 else {
                text.unicodeScalars += piece
                continue
            }
            let parts = piece.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].contains(">") else { return nil }
            let tag = String(String.UnicodeScalarView(parts[0]))
            guard isOpen ? tag == "/span" : classes.contains(tag) else { return nil }
            isOpen.toggle()
            text.unicodeScalars += parts[1]
        }
        guard !isOpen else { return nil }
        for (entity, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
            // By code units: a mark that combines with what stands before it hides nothing.
            text = text.replacingOccurrences(of: entity, with: sign, options: .literal)
        }
        return text
    }

    @Test(arguments: 0..<600 as Range<UInt64>)
    func noCharacterIsLostAndEverySpanIsClosed(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "def", "class ", "if", "\"", "'", "\"\"\"", "'''", "\\", "\n", " ", "#", "//", "/*", "*/", "<", ">", "</",
            "<!--", "-->", "<?", "?>", "<![CDATA[", "]]>", "&amp;", "&", "$", "${", "}", "$(", "a", "é", "文", "👩‍🚀",
            "سلام", "1", "1.5e-3", "0x1F", "@a.b", "#include", "---", "- ", "key: ", "|", ">-", "[", "]", "{", ",",
            ":", "=", "\t", ";", "&&", "--flag", "A=b", "user@host:~$ ", "$ ", "# ", "true", "null", "f\"", "rb'",
            "\u{301}", "\u{200F}", "\r",
        ]
        let code = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
            pieces[Int.random(in: pieces.indices, using: &generator)]
        }.joined()
        for language in Self.languages {
            let html = self.html(code, language)
            #expect(self.text(html)?.utf8.elementsEqual(code.utf8) == true, "\(language): \(code.debugDescription)")
        }
    }

    @Test(
        arguments: [
            (
                "python", "@node.main\ndef f(x):  # go\n    return \"a\" + 2.5",
                ["attr @node.main", "key def", "name f", "com # go", "key return", "str \"a\"", "num 2.5"]
            ),
            ("python", "s = f'{x}'\nt = '''a\nb'''", ["str f'{x}'", "str '''a\nb'''"]),
            (
                "c++", "#include <a>\nint main() { /* b */ return 0x1F; } // c",
                ["attr #include", "name int", "com /* b */", "key return", "num 0x1F", "com // c"]
            ),
            ("c", "char a = '\\''; x = 1'000;", ["name char", "str '\\''", "num 1'000"]),
            (
                "swift", "/* a /* b */ c */ struct Leg { let n = 0..<4 }",
                ["com /* a /* b */ c */", "key struct", "name Leg", "key let", "num 0", "num 4"]
            ),
            (
                "json", "{\"a\" : [true, -1.5e+3, \"b\"]}",
                ["attr \"a\"", "key true", "num 1.5e+3", "str \"b\""]
            ),
            (
                "bash", "cd ~/ws && ros2 run pkg --rate 5 # go\nexport A=\"b\"; echo $A ${B}",
                [
                    "name cd", "name ros2", "attr --rate", "num 5", "com # go", "key export", "str \"b\"", "name echo",
                    "var $A", "var ${B}",
                ]
            ),
            (
                "console", "$ ls -l | wc\n12 if\n$ echo \\\n  a\nrobot@lab:~$ pwd",
                [
                    "prompt $", "name ls", "attr -l", "name wc", "prompt $", "name echo", "prompt robot@lab:~$",
                    "name pwd",
                ]
            ),
            (
                "urdf", "<!-- a --><link name=\"b\"><x:c d='e'/></link>&lt;",
                [
                    "com <!-- a -->", "tag <link", "attr name", "str \"b\"", "tag ><x:c", "attr d", "str 'e'",
                    "tag /></link>", "var &lt;",
                ]
            ),
            (
                "yaml", "---\na: 1.5 # b\n\"c\": [on, 'd', &x 2]\ne: |\n  f: g\n  # h\ni: j",
                [
                    "key ---", "attr a", "num 1.5", "com # b", "attr \"c\"", "key on", "str 'd'", "var &x", "num 2",
                    "attr e", "str f: g", "str # h", "attr i",
                ]
            ),
            ("text", "def a # b", []),
        ])
    func theUsualThingsGetTheirColour(language: String, code: String, tokens: [String]) {
        let bytes = Array(code.utf8)
        let found = CodeLanguage(named: language)?.tokens(of: bytes, maximum: 100) ?? []
        #expect(
            found.map { "\($0.kind.rawValue) \(String(decoding: bytes[$0.range], as: UTF8.self))" } == tokens)
    }

    @Test(arguments: Self.languages)
    func hugeCodeCostsFewSpansAndLittleTime(language: String) {
        for piece in ["a 1 \"", "<", "<a b=", "${", "\"\"\"\\", "a: ", "/*", "(", "<!--", "' #", "\n$ ", "&", "|\n"] {
            let code = String(repeating: piece, count: CodeHighlighter.maximumBytes / piece.utf8.count)
            let start = ContinuousClock.now
            let html = self.html(code, language, maximumSpans: 1 << 20)
            // Generous, for machines under load: what grew with the square would take hours.
            #expect(start.duration(to: .now) < .seconds(60), "\(language) \(piece.debugDescription)")
            #expect(self.text(html)?.utf8.count == code.utf8.count)
            let bounded = self.html(code, language, maximumSpans: 100)
            #expect(bounded.ranges(of: "<span").count <= 100)
        }
        let large = String(repeating: "if ", count: CodeHighlighter.maximumBytes)
        #expect(!self.html(large, language).contains("<span"))
    }

    @Test func theSpansOfADocumentAreCountedTogether() throws {
        var options = MarkdownRenderer.Options()
        options.maximumCodeSpans = 10
        let html = try MarkdownRenderer(options: options).html(
            String(repeating: "```python\nif 1: pass\n```\n\n", count: 20))
        #expect(html.ranges(of: "<span").count == 10)
        #expect(html.ranges(of: "<pre").count == 20)
    }
}

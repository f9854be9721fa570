import MarkdownHTML
import ServerTesting
import Testing

@Suite struct HostileMarkdownTests {
    private let renderer = MarkdownRenderer()

    /// Reads the tags of HTML and answers the first thing that the renderer never writes.
    private func violation(_ html: String) -> String? {
        let allowed: Set<Substring> = [
            "p", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "del", "code", "pre", "blockquote", "ul", "ol",
            "li", "hr",
            "br", "a", "img", "table", "thead", "tbody", "tr", "th", "td", "input", "aside",
            "div", "span",
        ]
        let attributes: Set<Substring> = [
            "href", "rel", "title", "src", "alt", "loading", "class", "id", "start", "type", "disabled", "checked",
            "tabindex", "role", "aria-label", "aria-hidden", "scope", "dir",
        ]
        var rest = html[...]
        var open: [Substring] = []
        while let start = rest.firstIndex(of: "<") {
            guard !rest[..<start].contains(">") else { return "a stray >" }
            rest = rest[rest.index(after: start)...]
            guard let end = rest.firstIndex(of: ">") else { return "an open tag" }
            var tag = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if tag.first == "/" {
                guard open.popLast() == tag.dropFirst() else { return "</\(tag)> closes another element" }
                continue
            }
            let name = tag.prefix { $0 != " " }
            guard allowed.contains(name) else { return "<\(name)>" }
            if !["hr", "br", "img", "input"].contains(name) { open.append(name) }
            tag = tag.dropFirst(name.count)
            while !tag.isEmpty {
                tag = tag.drop { $0 == " " }
                let attribute = tag.prefix { $0 != "=" && $0 != " " }
                guard attributes.contains(attribute) else { return "attribute \(attribute)" }
                tag = tag.dropFirst(attribute.count)
                guard tag.hasPrefix("=") else { continue }
                guard tag.hasPrefix("=\""), let quote = tag.dropFirst(2).firstIndex(of: "\"") else {
                    return "no quotes"
                }
                let value = tag.dropFirst(2)[..<quote]
                tag = tag[tag.index(after: quote)...]
                let safe =
                    ["http://", "https://", "mailto:", "#", "/"].contains { value.hasPrefix($0) }
                    || !value.prefix(while: { $0 != "/" && $0 != "?" && $0 != "#" }).contains(":")
                if attribute == "href", !safe || value.hasPrefix("//") { return "href \(value)" }
                if attribute == "src",
                    value.contains("..") || value.contains(":") && !value.hasPrefix("/")
                        || value.hasPrefix("//")
                {
                    return "src \(value)"
                }
            }
        }
        return open.isEmpty ? nil : "unclosed \(open)"
    }

    @Test(
        arguments: [
            "<script>alert(1)</script>", "a <script>alert(1)</script> b", "<img src=x onerror=alert(1)>",
            "<svg/onload=alert(1)>", "<iframe src=\"javascript:alert(1)\"></iframe>",
            "<a href=\"javascript:alert(1)\">a</a>",
            "<style>*{}</style>", "<!-- --><script>alert(1)</script>", "<!--><script>alert(1)</script>-->", "<?php ?>",
            "<![CDATA[<script>]]>", "<div\nonclick=x>", "</p><script>", "<x onclick='a'>", "<plaintext>",
            "<base href=//evil>",
            "a<br>b<kbd>c</kbd>",
        ])
    func rawHTMLIsNeverPassedOn(markdown: String) throws {
        let html = try self.renderer.html(markdown)
        #expect(self.violation(html) == nil, "\(html)")
    }

    @Test(
        arguments: [
            "javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript&colon;alert(1)", "javascript&#58;alert(1)",
            "&#x6A;avascript:alert(1)", "java&#09;script:alert(1)", "java&#10;script:alert(1)",
            "&#1;javascript:alert(1)",
            "&#32;javascript:alert(1)", "data:text/html;base64,PHNjcmlwdD4=", "vbscript:msgbox(1)",
            "file:///etc/passwd",
            "blob:https://a/b", "//evil.org/x", "/\\evil.org", "\\\\\\\\evil.org", "http:evil.org", "https:/evil.org",
            "http:///evil.org", "ftp://evil.org", "view-source:javascript:alert(1)", "x:y", "feed:javascript:alert(1)",
            "http:\\\\\\\\evil.org", "&sol;&sol;evil.org", "about:blank",
        ])
    func aHostileAddressIsNoLinkAndNoImage(address: String) throws {
        for markdown in ["[a](<\(address)>)", "![a](<\(address)>)", "[a]\n\n[a]: <\(address)>", "<\(address)>"] {
            let html = try self.renderer.html(markdown)
            #expect(!html.contains("href="), "\(markdown) → \(html)")
            #expect(!html.contains("<img"), "\(markdown) → \(html)")
            #expect(self.violation(html) == nil, "\(html)")
        }
    }

    @Test(
        arguments: [
            "https://evil.org/a.png", "http://evil.org/a.png", "../a.png", "a/../../b.png", "a/..", "%2e%2e/a.png",
            "..%2fa.png",
            "a%5c..%5cb", "%252e%252e/a", "\\\\evil.org\\a.png", "/\\evil.org/a.png", "?a=b", "#a", "a.png?x=1",
            "mailto:a@b", "",
        ])
    func animageComesFromTheOwnOriginOnly(address: String) throws {
        let html = try self.renderer.html("![alt text](<\(address)>)")
        #expect(html == "<p>alt text</p>\n")
    }

    @Test(
        arguments: [
            "[a](https://b.org/\" onmouseover=\"alert(1))", "[a](<https://b.org/\"onmouseover=alert(1)>)",
            "[a](b 'c\" onclick=\"d')",
            "![a\" onerror=\"alert(1)](b.png)", "![a](b.png 'c\" onerror=\"d')", "```x\" onclick=\"alert(1)\na\n```",
            "# a {#b\"onclick=x}", "# a\" onclick=\"x", ":::note \" onclick=\"x\na\n:::", ":::note <script>\na\n:::",
            "| a\" onclick=\"x |\n|---|\n| <script> |", "- [x\"] a", "[a](javascript:alert(1) \"title\")",
            "[![a](javascript:1)](javascript:2)", "![[a](https://b.org)](c.png)", "[a](<b\nc>)", "`</code><script>`",
            "    </code></pre><script>", "https://b.org/<script>", "www.b.org/\"onclick=x", "&lt;script&gt;",
            "&#60;script&#62;",
        ])
    func nothingBreaksOutOfItsPlace(markdown: String) throws {
        let html = try self.renderer.html(markdown)
        #expect(self.violation(html) == nil, "\(html)")
    }

    @Test(arguments: 0..<400 as Range<UInt64>)
    func anyMixtureOfMarkupIsSafe(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "<script>", "</script>", "<img src=x onerror=y>", "javascript:", "[a](", ")", "![", "](", "]", "`", "```",
            "\n", "\n\n",
            "> ", "- ", "1. ", "# ", "|", "|---|", "*", "**", "~~", "_", "\"", "'", "<", ">", "&", "&lt;", "&#x22;",
            ":::note ",
            ":::", "::::tip", "    ", "{#x}", "{#\"}", "https://a.b", "www.a.b", "<!--", "-->", "\\", "\0",
            "\u{F8FF}0\u{F8FF}",
            "[x]: ", "text", " ", "\t", "\r", "- [ ] ", "```python\n", "```xml\n", "```yaml\n", "```bash\n", "```console\n", "```c++\n", "def ",
            "$ ", "\"\"\"", "/*", "*/", "${", "a: ", "|\n", "é", "@", "1e+",
        ]
        let markdown = (0..<Int.random(in: 1...80, using: &generator)).map { _ in
            pieces[Int.random(in: pieces.indices, using: &generator)]
        }.joined()
        let html = try self.renderer.html(markdown)
        #expect(self.violation(html) == nil, "seed \(seed): \(markdown.debugDescription) → \(html)")
        #expect(!html.contains("\u{F8FF}"), "seed \(seed)")
        let ids = self.renderer.headings(markdown).map(\.id)
        #expect(Set(ids).count == ids.count, "seed \(seed)")
    }

    struct Attack: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var testDescription: String { self.name }

        init(_ name: String, _ piece: String, _ count: Int, _ end: String = "") {
            self.name = name
            self.text = String(repeating: piece, count: count) + end
        }
    }

    @Test(
        arguments: [
            Attack("quotes", ">", 10_000), Attack("spaced quotes", "> ", 10_000, "a"),
            Attack("lists on a line", "- ", 10_000, "a"),
            Attack("numbered lists", "1. ", 10_000, "a"), Attack("mixed containers", "> - 1) ", 5_000, "a"),
            Attack("brackets", "[", 10_000),
            Attack("closed brackets", "[", 10_000, String(repeating: "]", count: 10_000)),
            Attack("brackets to the limit", "[", 100_000), Attack("links", "[a](", 20_000),
            Attack("open links", "[a](<b", 10_000),
            Attack("images", "![[]()", 10_000), Attack("emphasis", "*a **a ", 10_000),
            Attack("underscores", "_a __a ", 10_000),
            Attack("closers", "a** ", 20_000), Attack("backticks", "`a``", 20_000), Attack("angles", "<a ", 30_000),
            Attack("comments", "<!--", 20_000), Attack("cdata", "<![CDATA[", 10_000),
            Attack("entities", "&", 100_000),
            Attack("strikethrough", "~~a ", 20_000), Attack("autolinks", "www.a.b/((", 10_000),
            Attack("addresses", "a@b", 30_000),
            Attack("schemes", "http://a:", 10_000),
            Attack(
                "wide table", "|a", 30_000,
                "\n" + String(repeating: "|-", count: 30_000) + String(repeating: "\na", count: 10_000)),
            Attack("table rows", "|a|b|\n|-|-|\n", 5_000), Attack("admonitions", ":::note\n", 10_000),
            Attack("fences", "```\n", 20_000),
            Attack("headings", "# a\n", 20_000), Attack("references", "[a]: b\n", 10_000),
            Attack("escapes", "\\", 100_000),
            Attack("exclamations", "![", 30_000), Attack("tabs", "\t", 100_000), Attack("colons", ":", 100_000),
            Attack("setext", "a\n=\n", 20_000),
            Attack("lazy quote", "> a\n", 1, String(repeating: "b\n", count: 20_000)),
            Attack("task lists", "- [x] ", 10_000),
            Attack(
                "references used", "[a]: /\(String(repeating: "b", count: 1000))\n\n", 1,
                String(repeating: "[a]\n\n", count: 10_000)),
            Attack(
                "nested by lines", "", 0, (0..<1000).map { String(repeating: " ", count: 2 * $0) + "- a\n" }.joined()),
            Attack("unclosed html", "<div ", 20_000),
            Attack("parentheses", "[a](" + String(repeating: "(", count: 5_000), 4),
            Attack("line ends", "\n", 100_000), Attack("hard breaks", "a  \n", 20_000),
            Attack("hyphen items", "-\n", 30_000),
            Attack("quote and text", ">a\nb\n", 20_000), Attack("titles", "[a](b \"", 10_000),
            Attack("title ends", "[a]: b 'c\n", 8_000),
            // Just below the limit of a paragraph.
            Attack("links in paragraphs", String(repeating: "[a](", count: 2_900) + "\n\n", 5),
            Attack("images in paragraphs", String(repeating: "![[]()", count: 950) + "\n\n", 5),
            Attack("declarations in paragraphs", String(repeating: "a<!A ", count: 2_900) + "\n\n", 5),
            Attack("instructions in paragraphs", String(repeating: "a<?", count: 2_900) + "\n\n", 5),
            Attack("parentheses after addresses", "www.a.b/" + String(repeating: ")", count: 5_900) + "\n\n", 5),
        ])
    func noInputTakesLong(attack: Attack) {
        let start = ContinuousClock.now
        // A refusal is as good as a page.
        let html = try? self.renderer.html(attack.text)
        let time = start.duration(to: .now)
        #expect(time < .seconds(10), "\(attack.name): \(time), \(html?.utf8.count ?? -1) bytes")
    }

    @Test func deepNestingIsRefusedByName() {
        for text in [String(repeating: ">", count: 10_000), String(repeating: "- ", count: 10_000) + "a"] {
            do {
                _ = try self.renderer.html(text)
                Issue.record("rendered")
            } catch {
                #expect((error as? MarkdownError)?.code == .tooDeep)
            }
            #expect(self.renderer.headings(text).isEmpty)
        }
    }

    @Test func ordinaryRulesAndTablesAreNotTakenForNesting() throws {
        for text in [String(repeating: "-", count: 500), String(repeating: "*", count: 500), "- a\n\n  > b\n  > - c"] {
            _ = try self.renderer.html(text)
        }
        #expect(try self.renderer.html("a | b\n" + String(repeating: "-", count: 300) + " | ---").contains("<table>"))
    }
}

import MarkdownHTML
import Testing

@Suite struct MarkdownRendererTests {
    private static let frame = "<div class=\"table\" role=\"group\" tabindex=\"0\" aria-label=\"Table\">\n"

    private func html(_ markdown: String) throws -> String {
        try MarkdownRenderer().html(markdown)
    }

    @Test(
        arguments: [
            ("a *b* **c** ~~d~~ `e<`", "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>e&lt;</code></p>\n"),
            ("a\\\nb\nc", "<p>a<br>\nb\nc</p>\n"),
            ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
            ("---", "<hr>\n"),
            ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
            ("- a\n\n- b", "<ul>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n"),
            ("3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>\n"),
            ("- a\n  - b", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>\n"),
            (
                "- [x] a\n- [ ] b",
                "<ul>\n<li class=\"task\"><input type=\"checkbox\" disabled checked> a</li>\n"
                    + "<li class=\"task\"><input type=\"checkbox\" disabled> b</li>\n</ul>\n"
            ),
            (
                "```swift title=\"x\"\nlet a = 1 < 2\n```",
                "<pre tabindex=\"0\"><code class=\"language-swift\"><span class=\"tok-key\">let</span> a = "
                    + "<span class=\"tok-num\">1</span> &lt; <span class=\"tok-num\">2</span>\n</code></pre>\n"
            ),
            ("```\na\n```", "<pre tabindex=\"0\"><code>a\n</code></pre>\n"),
            ("```a\"b\nc\n```", "<pre tabindex=\"0\"><code>c\n</code></pre>\n"),
            (
                "| a | b |\n|:--|--:|\n| c | d |",
                "\(Self.frame)<table>\n<thead>\n<tr>\n<th scope=\"col\" class=\"align-left\">a</th>\n<th scope=\"col\" class=\"align-right\">b</th>\n</tr>\n</thead>\n"
                    + "<tbody>\n<tr>\n<td class=\"align-left\">c</td>\n<td class=\"align-right\">d</td>\n</tr>\n</tbody>\n</table>\n</div>\n"
            ),
            ("| a |\n|---|", "\(Self.frame)<table>\n<thead>\n<tr>\n<th scope=\"col\">a</th>\n</tr>\n</thead>\n</table>\n</div>\n"),
            ("\"a\" & 'b'", "<p>&quot;a&quot; &amp; &#39;b&#39;</p>\n"),
            ("", ""),
        ])
    func theUsualMarkdownIsRendered(markdown: String, html: String) throws {
        #expect(try self.html(markdown) == html)
    }

    @Test(
        arguments: [
            ("[a](https://b.org/c?d=e&f)", "<a href=\"https://b.org/c?d=e&amp;f\" rel=\"nofollow noopener\">a</a>"),
            ("[a](b.md \"c\")", "<a href=\"b.md\" title=\"c\">a</a>"),
            ("[a](#b)", "<a href=\"#b\">a</a>"),
            ("[a](../b)", "<a href=\"../b\">a</a>"),
            ("[a](/b%20c)", "<a href=\"/b%20c\">a</a>"),
            ("[a](</b c>)", "<a href=\"/b%20c\">a</a>"),
            ("[a](mailto:b@c.org)", "<a href=\"mailto:b@c.org\">a</a>"),
            ("https://b.org", "<a href=\"https://b.org\" rel=\"nofollow noopener\">https://b.org</a>"),
            ("www.b.org", "<a href=\"http://www.b.org\" rel=\"nofollow noopener\">www.b.org</a>"),
            ("[a]\n\n[a]: /b", "<a href=\"/b\">a</a>"),
            ("![a *b*](c.png \"d\")", "<img src=\"c.png\" alt=\"a b\" title=\"d\" loading=\"lazy\">"),
            ("![a](/img/c.png)", "<img src=\"/img/c.png\" alt=\"a\" loading=\"lazy\">"),
        ])
    func linksAndImagesArrive(markdown: String, html: String) throws {
        #expect(try self.html(markdown) == "<p>\(html)</p>\n")
    }

    @Test func imagesMayHaveABase() throws {
        var options = MarkdownRenderer.Options()
        options.imageBase = "/book/part-1/"
        #expect(
            try MarkdownRenderer(options: options).html("![a](b.png) ![c](/d.png)")
                == "<p><img src=\"/book/part-1/b.png\" alt=\"a\" loading=\"lazy\"> "
                + "<img src=\"/d.png\" alt=\"c\" loading=\"lazy\"></p>\n")
    }

    @Test func theOutputIsAlwaysTheSame() async throws {
        let markdown = String(
            repeating: "# A\n\n:::note\n\n- [ ] ~~b~~ | www.c.org\n\n| a |\n|---|\n\n:::\n\n", count: 50)
        let first = try self.html(markdown)
        // The parser's library has global state, so many at a time are the harder case.
        let others = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try MarkdownRenderer().html(markdown) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(others == [first])
    }
    @Test func codeInARightToLeftTextRunsTheOtherWay() throws {
        var options = MarkdownRenderer.Options()
        options.isRightToLeft = true
        options.tableLabel = "جدول \"1\""
        let html = try MarkdownRenderer(options: options).html("`a`\n\n```\nb\n```\n\n| c |\n|---|")
        #expect(html.contains("<code dir=\"ltr\">a</code>"))
        #expect(html.contains("<pre tabindex=\"0\" dir=\"ltr\"><code>b\n</code></pre>"))
        #expect(html.contains("aria-label=\"جدول &quot;1&quot;\""))
    }

    @Test func headingsMayLeadToThemselves() throws {
        var options = MarkdownRenderer.Options()
        options.linksHeadings = true
        #expect(
            try MarkdownRenderer(options: options).html("# A\n\n## B c {#d}")
                == "<h1 id=\"a\">A</h1>\n<h2 id=\"d\">B c <a class=\"anchor\" href=\"#d\" aria-hidden=\"true\" "
                + "tabindex=\"-1\">#</a></h2>\n")
    }

    @Test func textsWithAndWithoutTildesDoNotDisturbEachOther() async throws {
        let texts = ["~~a~~ www.b.org ~c", "www.b.org and https://c.org", "~~d~~ | e@f.org\n--|--\n~~g~~ | h"]
        let alone = try texts.map { try self.html(String(repeating: $0 + "\n\n", count: 100)) }
        #expect(alone[0].contains("<del>a</del> <a href=\"http://www.b.org\""))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<300 {
                group.addTask {
                    let text = String(repeating: texts[index % 3] + "\n\n", count: 100)
                    return try MarkdownRenderer().html(text) == alone[index % 3]
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}

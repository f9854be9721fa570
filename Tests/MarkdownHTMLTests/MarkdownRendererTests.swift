import MarkdownHTML
import Testing

@Suite struct MarkdownRendererTests {
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
                "<pre><code class=\"language-swift\">let a = 1 &lt; 2\n</code></pre>\n"
            ),
            ("```\na\n```", "<pre><code>a\n</code></pre>\n"),
            ("```a\"b\nc\n```", "<pre><code>c\n</code></pre>\n"),
            (
                "| a | b |\n|:--|--:|\n| c | d |",
                "<table>\n<thead>\n<tr>\n<th class=\"align-left\">a</th>\n<th class=\"align-right\">b</th>\n</tr>\n</thead>\n"
                    + "<tbody>\n<tr>\n<td class=\"align-left\">c</td>\n<td class=\"align-right\">d</td>\n</tr>\n</tbody>\n</table>\n"
            ),
            ("| a |\n|---|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>\n"),
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
}

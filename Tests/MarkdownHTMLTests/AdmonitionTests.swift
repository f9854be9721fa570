import MarkdownHTML
import Testing

@Suite struct AdmonitionTests {
    private func html(_ markdown: String) throws -> String {
        try MarkdownRenderer().html(markdown)
    }

    private func aside(_ kind: String, _ title: String, _ content: String) -> String {
        "<aside class=\"admonition \(kind)\">\n<p class=\"admonition-title\">\(title)</p>\n\(content)</aside>\n"
    }

    @Test(
        arguments: [
            (":::note\n\na\n\n:::", "note", "Note"), (":::note\na\n:::", "note", "Note"),
            (":::tip Try it\na\n:::", "tip", "Try it"),
            (":::info[See also]\na\n:::", "info", "See also"), ("::: warning <b>\na\n:::", "warning", "&lt;b&gt;"),
            (":::caution\na\n:::", "warning", "Warning"), (":::DANGER\na\n:::", "danger", "Danger"),
            (":::note\na", "note", "Note"), ("   :::note\na\n  :::  ", "note", "Note"),
            (":::note\r\na\r\n:::\r\n", "note", "Note"),
        ])
    func anAdmonitionBecomesAnAside(markdown: String, kind: String, title: String) throws {
        #expect(try self.html(markdown) == self.aside(kind, title, "<p>a</p>\n"))
    }

    @Test func theTextAroundStaysOutside() throws {
        #expect(
            try self.html("a\n:::note\nb\n:::\nc") == "<p>a</p>\n" + self.aside("note", "Note", "<p>b</p>\n")
                + "<p>c</p>\n")
    }

    @Test(arguments: ["::::note\n\n:::tip\na\n:::\n\nb\n\n::::", ":::note\n\n:::tip\na\n:::\n\nb\n\n:::"])
    func admonitionsNest(markdown: String) throws {
        #expect(
            try self.html(markdown) == self.aside("note", "Note", self.aside("tip", "Tip", "<p>a</p>\n") + "<p>b</p>\n")
        )
    }

    @Test func theOuterEndClosesWhatIsInside() throws {
        #expect(
            try self.html("::::note\n:::tip\na\n::::\nb")
                == self.aside("note", "Note", self.aside("tip", "Tip", "<p>a</p>\n")) + "<p>b</p>\n")
    }

    @Test func anAdmonitionStandsInsideItsListItem() throws {
        #expect(
            try self.html("1. a\n\n   :::note\n   b\n   :::\n\n2. c")
                == "<ol>\n<li><p>a</p>\n" + self.aside("note", "Note", "<p>b</p>\n")
                + "</li>\n<li><p>c</p>\n</li>\n</ol>\n")
    }

    @Test func anAdmonitionEndsTheListBeforeIt() throws {
        #expect(
            try self.html("- a\n:::note\nb\n:::") == "<ul>\n<li>a</li>\n</ul>\n"
                + self.aside("note", "Note", "<p>b</p>\n"))
    }

    @Test func referencesReachIntoAdmonitions() throws {
        #expect(try self.html(":::note\n[a]\n:::\n\n[a]: /b").contains("<a href=\"/b\">a</a>"))
    }

    @Test(arguments: [
        ("```\n:::note\na\n:::\n```", "<pre tabindex=\"0\"><code>:::note\na\n:::\n</code></pre>\n"),
        ("    x\n    :::note\n    y", "<pre tabindex=\"0\"><code>x\n:::note\ny\n</code></pre>\n"),
        ("~~~~\n```\n:::\n~~~\n:::note\n~~~~", "<pre tabindex=\"0\"><code>```\n:::\n~~~\n:::note\n</code></pre>\n"),
    ])
    func codeStaysAsItIs(markdown: String, html: String) throws {
        #expect(try self.html(markdown) == html)
    }

    @Test(arguments: [":::", "a\n\n:::\n\nb", ":::\n:::\n:::"])
    func anEndWithoutABeginningIsLeftOut(markdown: String) throws {
        #expect(!(try self.html(markdown)).contains("aside"))
        #expect(!(try self.html(markdown)).contains("\u{F8FF}"))
    }

    @Test(arguments: [":::unknown\na", "::note\na", ":::note-x\na", ":::::::::::::note\na"])
    func otherColonsAreText(markdown: String) throws {
        #expect(!(try self.html(markdown)).contains("<aside"))
        #expect(try self.html(markdown).contains("::"))
    }

    @Test func noMarkerCanBeForged() throws {
        let html = try self.html(
            ":::note\na\n:::\n\n\u{F8FF}0\u{F8FF}\n\n<div>\n:::note\n</div>\n\n<!--\n:::\n-->\n\n`\u{F8FF}1\u{F8FF}`")
        #expect(!html.contains("\u{F8FF}"))
        #expect(html.components("<aside") == html.components("</aside"))
    }

    @Test func deepNestingEndsBalanced() throws {
        let html = try self.html(
            String(repeating: ":::note\n", count: 5000) + "a\n" + String(repeating: ":::\n", count: 4000))
        #expect(html.components("<aside") == 16)
        #expect(html.components("</aside") == 16)
    }
}

extension String {
    /// How often `text` stands in the string.
    fileprivate func components(_ text: String) -> Int { self.ranges(of: text).count }
}

import MarkdownHTML
import Testing

@Suite struct HeadingTests {
    private func ids(_ markdown: String) -> [String] {
        MarkdownRenderer().headings(markdown).map(\.id)
    }

    @Test(
        arguments: [
            ("# Physical AI", "physical-ai"), ("# What is `ROS 2`?", "what-is-ros-2"), ("# C# and F#", "c-and-f"),
            ("# C++ & *Rust*", "c--rust"), ("# snake_case", "snake_case"), ("# 1.2 Sensors", "12-sensors"),
            ("# Über uns", "über-uns"), ("# مصنوعی ذہانت", "مصنوعی-ذہانت"), ("# !!!", "section"), ("#", "section"),
            ("Title\n=====", "title"), ("# A {#b}", "b"), ("# A {#b c}", "a-b-c"), ("# A {#}", "a"),
            ("# A {#b} c", "a-b-c"), ("# <script>", "section"), ("# A {#\"x}", "a-x"),
        ])
    func idsFollowFromTitles(markdown: String, id: String) throws {
        #expect(self.ids(markdown) == [id])
        #expect(try MarkdownRenderer().html(markdown).contains(" id=\"\(id)\">"))
    }

    @Test func equalTitlesAreNumbered() throws {
        #expect(self.ids("# A\n\n# A\n\n# A-1\n\n# A\n\n# A") == ["a", "a-1", "a-1-1", "a-2", "a-3"])
    }

    @Test func idsGivenByTheAuthorStay() throws {
        #expect(self.ids("# Setup\n\n# Other {#setup}\n\n# Third {#setup}") == ["setup-2", "setup", "setup-1"])
    }

    @Test func theIDIsNoPartOfTheTitle() throws {
        let markdown = "## The *robot* arm {#arm}"
        #expect(MarkdownRenderer().headings(markdown) == [Heading(level: 2, text: "The robot arm", id: "arm")])
        #expect(try MarkdownRenderer().html(markdown) == "<h2 id=\"arm\">The <em>robot</em> arm</h2>\n")
    }

    @Test func headingsInsideCodeDoNotCount() {
        #expect(self.ids("# A\n\n```\n# B\n```\n\n<!-- \n# C\n-->\n\n> # D\n\n- # E") == ["a", "d", "e"])
    }

    @Test func manyEqualTitlesTakeLinearTime() {
        let markdown = String(repeating: "# A\n", count: 5_000)
        let start = ContinuousClock.now
        #expect(Set(self.ids(markdown)).count == 5_000)
        #expect(start.duration(to: .now) < .seconds(10))
    }
}

import Learners
import ServerTesting
import Testing

@testable import Personalization

/// Markdown put together at random: whatever the surroundings, code must come out as it went in.
struct EmbeddedPropertyTests {
    private static let pieces = [
        "# Title\n", "## A robot sensor\n", "### Deep {#deep}\n", "Setext robot\n---\n", "A sensor and an actuator.\n",
        "Text that ends with a colon:\n", "- item with a robot\n- another\n",
        "1. one\n\n   ```sh\n   ls -l\n   ```\n2. two\n",
        "> quote of a sensor\n> ```\n> quoted\n> ```\n",
        "```python\ndef f():\n    return 1  # the only result there is\n```\n",
        "~~~\nplain ``` inside\n~~~\n", "````md\n```js\nnested\n```\n````\n", "    indented robot\n",
        "| a | b |\n|---|---|\n| 1 ms | 2 |\n",
        ":::note Title\nA humanoid.\n\n```c\nint x;\n```\n:::\n", ":::danger\nHot: 90 °C\n:::\n",
        "<details>\n<b>x</b>\n</details>\n",
        "<!-- a comment\n\nover lines -->\n", "$$\nx^2\n$$\n", "---\n", "***\n", "import Tabs from '@theme/Tabs';\n",
        "\n", "\n\n",
        "[link](./a.md) and `code; it stays` and $x;y$\n", "[ref]: https://example.org/x\n", "```\nnever closed\n",
        "\t tab\n",
        "A very long sentence about the machine goes on and on without any end in sight for the poor reader of it; it "
            + "then turns to another matter that has little to do with the first one at all.\n",
    ]

    @Test(arguments: 0..<400)
    func codeHeadingsAndTargetsSurviveAnySurroundings(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var markdown = ""
        for _ in 0..<Int.random(in: 1...14, using: &random) {
            markdown += Self.pieces.randomElement(using: &random) ?? ""
            if Bool.random(using: &random) { markdown += "\n" }
        }
        let lesson = LessonSource(title: "Random", markdown: Array(markdown.utf8))
        let slice = ProfileSlice.allCases.randomElement(using: &random) ?? ProfileSlice.allCases[0]
        let text = try EmbeddedGenerator().write(lesson, for: Fixtures.profile(slice)).text
        let source = LessonFacts(lesson.body)
        let output = LessonFacts(Array(text.utf8))
        #expect(output.code == source.code, "seed \(seed)")
        #expect(output.headings == source.headings, "seed \(seed)")
        #expect(output.targets == source.targets, "seed \(seed)")
        #expect(output.tables == source.tables, "seed \(seed)")
        #expect(output.warnings == source.warnings, "seed \(seed)")
    }
}

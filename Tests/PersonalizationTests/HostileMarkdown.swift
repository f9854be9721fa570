import ServerTesting

/// Markdown put together at random from pieces that are hard to take apart.
enum HostileMarkdown {
    private static let pieces = [
        "# Title\n", "## A robot sensor\n", "### Deep {#deep}\n", "Setext robot\n---\n", "Over all\n===\n",
        "A sensor and an actuator.\n", "Text that ends with a colon:\n", "- item with a robot\n- another\n",
        "1. one\n\n   ```sh\n   ls -l\n   ```\n2. two\n", "> quote of a sensor\n> ```\n> quoted\n> ```\n",
        "```python\ndef f():\n    return 1  # the only result there is\n```\n", "~~~\nplain ``` inside\n~~~\n",
        "````md\n```js\nnested\n```\n````\n", "    indented robot\n", "| a | b |\n|---|---|\n| 1 ms | 2 |\n",
        ":::note Title\nA humanoid.\n\n```c\nint x;\n```\n:::\n", ":::danger\nHot: 90 °C\n:::\n",
        "::::tip Outer\n:::note Inner\n## Within\nA gait.\n:::\n::::\n", ":::warning\nnever closed\n",
        "<details>\n<b>x</b>\n</details>\n", "<!-- a comment\n\nover lines -->\n", "<!-- open\n", "$$\nx^2\n$$\n",
        "$$\nx\n",
        "---\n", "***\n", "import Tabs from '@theme/Tabs';\n", "<Tabs>\n## In a component\n</Tabs>\n", "\n", "\n\n",
        "## Summary\r\n", "A neural network\r\nover two lines.\r\n\r\n",
        "[link](./a.md) and `code; it stays` and $x;y$\n",
        "[ref]: https://example.org/x\n", "```\nnever closed\n", "\t tab\n", "## \n", "##\tUrdu روبوٹ\n", "\u{FEFF}",
        "A very long sentence about the machine goes on and on without any end in sight for the poor reader of it; it "
            + "then turns to another matter that has little to do with the first one at all.\n",
    ]

    /// The text of a seed.
    static func text(seed: UInt64) -> String {
        var random = SeededGenerator(seed: seed)
        var markdown = ""
        for _ in 0..<Int.random(in: 0...16, using: &random) {
            markdown += Self.pieces.randomElement(using: &random) ?? ""
            if Bool.random(using: &random) { markdown += "\n" }
        }
        return markdown
    }
}

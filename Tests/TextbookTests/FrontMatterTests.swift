import ServerTesting
import Testing

@testable import Textbook

@Suite struct FrontMatterTests {
    private static func read(_ text: String) throws -> FrontMatter {
        try FrontMatter(of: Array(text.utf8))
    }

    private static func problem(_ text: String) -> YAMLProblem? {
        do {
            _ = try FrontMatter(of: Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test func everyFieldIsRead() throws {
        let frontMatter = try Self.read(
            """
            ---
            title: "A: B"
            slug: x/y
            type: Lab
            number: 2
            sidebar_position: -1
            estimated_minutes: 30
            description: d
            keywords: [a, b]
            unknown: {x: 1}
            ---
            text
            """)
        #expect(frontMatter.title == "A: B")
        #expect(frontMatter.slug == "x/y")
        #expect(frontMatter.type == .lab)
        #expect(frontMatter.number == 2)
        #expect(frontMatter.sidebarPosition == -1)
        #expect(frontMatter.estimatedMinutes == 30)
        #expect(frontMatter.keywords == ["a", "b"])
        #expect(frontMatter.problems.isEmpty)
    }

    @Test(arguments: ["", "text\n", "\n---\ntitle: a\n---\n", "---\n\ntext\n", "---\n---\ntext\n", "---\n# c\n---\n"])
    func aFileMayHaveNone(text: String) throws {
        #expect(try Self.read(text).title == nil)
    }

    @Test(arguments: [
        ("---\ntitle: a\nother: [1\n---\n", 4),
        ("---\ntitle: a\ntitle: b\n---\n", 2),
        ("---\n- a\n- b\n---\n", 2),
        ("---\njust text\n---\n", 2),
        ("---\ntitle: \"a\nb: c\n---\n", 4),
        ("---\na: b: c\n---\n", 2),
        ("---\ntitle: a\ntext without end\n", 1),
    ])
    func brokenFrontMatterNamesItsLine(text: String, line: Int) throws {
        let problem = try #require(Self.problem(text))
        #expect(abs(problem.line - line) <= 1, "\(problem)")
    }

    @Test func aBadValueIsAProblemAndTheRestIsRead() throws {
        let frontMatter = try Self.read(
            "---\ntitle: a\ntype: poem\nnumber: two\nestimated_minutes: 0\nslug: [x]\n---\n")
        #expect(frontMatter.title == "a")
        #expect(frontMatter.type == nil)
        #expect(frontMatter.problems.map(\.line).sorted() == [3, 4, 5, 6])
    }

    @Test func windowsLinesAndAByteOrderMarkMakeNoDifference() throws {
        #expect(try Self.read("\u{FEFF}---\r\ntitle: a\r\n---\r\ntext").title == "a")
    }

    @Test func bombsAreRefusedBeforeTheyGrow() throws {
        var aliases = "a0: &a0 [x, x]\n"
        for level in 1..<40 { aliases += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(try #require(Self.problem("---\n\(aliases)---\n")).message.contains("aliases"))
        for piece in ["[", "{a: ", "- ", "? ", "[[]"] {
            let text = "---\nx: 1\ny:\n  " + String(repeating: piece, count: 15_000) + "\n---\n"
            #expect(Self.problem(text) != nil, "\(piece)")
        }
        let large = "---\ntitle: " + String(repeating: "a", count: 70_000) + "\n---\n"
        #expect(try #require(Self.problem(large)).message.contains("bytes"))
    }

    @Test func deepIndentationIsReadWithoutExhaustingTheStack() {
        var yaml = ""
        for level in 0..<1_400 { yaml += String(repeating: " ", count: level) + "a:\n" }
        #expect(yaml.utf8.count > 900_000)
        let reading = BookReader(files: ["book.yaml": Array(yaml.utf8)]).read()
        #expect(reading.book.slug == "book")
    }

    @Test func proseWithStarsAndAmpersandsIsNoAlias() throws {
        let text = "---\ntitle: Sensors & actuators\ndescription: \"the *and* of R&D, *important*\"\n---\n"
        #expect(try Self.read(text).title == "Sensors & actuators")
    }

    @Test func arbitraryBytesNeverCrash() {
        var generator = SeededGenerator(seed: 11)
        let pieces = [
            "a: ", "- ", "[", "]", "{", "}", "\n", "  ", "'", "\"", "|", ">", "&x", "*x", "!t", "%", "#", ":", ",", "?",
            "~",
            "\t", "0x1", "\0", "\u{85}", "<<: ", "...", "@", "`",
        ]
        for _ in 0..<4_000 {
            let yaml = (0..<generator.below(30)).map { _ in generator.pick(pieces) }.joined()
            _ = try? FrontMatter(of: Array("---\n\(yaml)\n---\n".utf8))
        }
    }
}

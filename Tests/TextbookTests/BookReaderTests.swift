import ContentHashing
import ServerTesting
import Testing

@testable import Textbook

@Suite struct BookReaderTests {
    static let lessonPath = "parts/01-Start/chapters/01-first/lessons/01-hello-world.md"

    static func reading(_ files: [String: String], other: Set<String> = []) -> BookReading {
        BookReader(files: files.mapValues { Array($0.utf8) }, otherPaths: other, fallbackSlug: "My Book").read()
    }

    private static func codes(_ reading: BookReading) -> [String] {
        reading.findings.map {
            "\($0.code.rawValue) \($0.file.split(separator: "/").last ?? "")" + ($0.line.map { ":\($0)" } ?? "")
        }
    }

    @Test func aBookWithoutManifestIsDerivedFromItsFolders() throws {
        let reading = Self.reading([
            Self.lessonPath: "# Hello *World*\n\ntext\n",
            "parts/01-Start/chapters/01-first/lessons/02-lab.md": "---\ntitle: Lab\n---\n",
            "parts/02-Next/chapters/02-second/lessons/10-b.md": "# B\n",
            "parts/02-Next/chapters/02-second/lessons/2-a.md": "# A\n",
            "README.md": "# no lesson\n", "parts/01-Start/_notes.md": "x",
        ])
        #expect(Self.codes(reading) == [])
        let book = reading.book
        #expect(book.slug == "my-book")
        #expect(book.title == "My Book")
        #expect(book.parts.map(\.title) == ["Start", "Next"])
        #expect(book.chapters.map(\.title) == ["First", "Second"])
        #expect(book.lessons.map(\.title) == ["Hello World", "Lab", "A", "B"])
        #expect(book.lessons.map(\.slug) == ["ch01-hello-world", "ch01-lab", "ch02-a", "ch02-b"])
        #expect(book.lessons.map(\.type) == [.lesson, .lab, .lesson, .lesson])
        #expect(
            book.lessons[0].bucketPath == "books/my-book/parts/01-Start/chapters/01-first/lessons/01-hello-world.md")
        #expect(book.lessons[0].objectKey(book: "my-book") == "books/my-book/.objects/\(book.lessons[0].sha256).md")
        #expect(book.lessons[0].contentHash.hex.count == 32)
    }

    @Test func partFoldersMayStandAtTheRoot() {
        let reading = Self.reading(["01-Start/chapters/01-first/lessons/01-a.md": "# A\n", "docs/x.md": "# no\n"])
        #expect(Self.codes(reading) == [])
        #expect(
            reading.book.lessons.map(\.bucketPath) == ["books/my-book/parts/01-Start/chapters/01-first/lessons/01-a.md"]
        )
    }

    @Test func chapterNumbersThatBeginAnewInEachPartCountThroughTheBook() {
        let reading = Self.reading([
            "parts/1-A/chapters/1-x/lessons/a.md": "# A\n", "parts/1-A/chapters/2-y/lessons/a.md": "# B\n",
            "parts/2-B/chapters/1-z/lessons/a.md": "# C\n",
        ])
        #expect(reading.book.chapters.map(\.number) == [1, 2, 3])
        #expect(reading.book.chapters.map(\.localNumber) == [1, 2, 1])
        #expect(reading.book.lessons.map(\.slug) == ["ch01-a", "ch02-a", "ch03-a"])
    }

    static let manifest = """
        slug: b
        title: T
        language: ur
        parts:
          - number: 1
            title: One
            layer: L2-L3
            tier: B1
            folder: 01-Start
            weeks: [1, 2]
            chapters:
              - {number: 1, title: First, folder: 01-first, prerequisites: [], transition_check: Can you?}
              - {number: 2, title: Planned, folder: 02-later, prerequisites: [1]}
          - {number: 2, title: Two, folder: 02-Later, chapters: [{number: 3, title: Far, prerequisites: [2, 1]}]}
        """

    @Test func aManifestPlansWhatIsNotWritten() {
        let reading = Self.reading(["book.yaml": Self.manifest, Self.lessonPath: "# A\n"])
        #expect(Self.codes(reading) == [])
        #expect(reading.book.language == "ur")
        #expect(reading.book.parts[0].layer == Layer(min: 2, max: 3))
        #expect(reading.book.parts[0].weekEnd == 2)
        #expect(reading.book.chapters.map(\.number) == [1, 2, 3])
        #expect(reading.book.chapters[0].transitionCheck == "Can you?")
        #expect(reading.book.chapters[2].prerequisites == [1, 2])
        #expect(reading.book.chapters[1].lessons.isEmpty)
    }

    @Test(arguments: [
        (["layer: L2-L3": "layer: L9"], "bad_value book.yaml:7"),
        (["tier: B1": "tier: D4"], "bad_value book.yaml:8"),
        (["weeks: [1, 2]": "weeks: [3, 2]"], "bad_value book.yaml:5"),
        (["prerequisites: []": "prerequisites: [3]"], "prerequisite_cycle book.yaml:12"),
        (["prerequisites: [1]": "prerequisites: [77]"], "unknown_prerequisite book.yaml:13"),
        (["folder: 01-first": "folder: 01-frist"], "missing_file book.yaml:12"),
        (["folder: 01-Start": "folder: 01-Strat"], "missing_file book.yaml:5"),
        (["number: 2, title: Planned": "number: 1, title: Planned"], "duplicate_number book.yaml:13"),
        (["slug: b": "slug: ../b"], "hostile_name book.yaml"),
        (["parts:": "parts: ["], "bad_manifest book.yaml:5"),
        (["folder: 02-later": "folder: 02-later, lessons: [01-x.md]"], "missing_file book.yaml:13"),
        (["folder: 02-later": "folder: ../../etc"], "hostile_name book.yaml:13"),
    ])
    func aWrongManifestIsAFindingWithItsLine(change: [String: String], expected: String) {
        var manifest = Self.manifest
        for (old, new) in change { manifest = manifest.replacing(old, with: new) }
        let reading = Self.reading(["book.yaml": manifest, Self.lessonPath: "# A\n"])
        #expect(Self.codes(reading).contains(expected), "\(Self.codes(reading))")
        #expect(!reading.isPublishable)
    }

    @Test func aCycleIsNamedWithItsPath() throws {
        let manifest = Self.manifest.replacing("prerequisites: []", with: "prerequisites: [3]")
        let reading = Self.reading(["book.yaml": manifest, Self.lessonPath: "# A\n"])
        let finding = try #require(reading.findings.first { $0.code == .prerequisiteCycle })
        #expect(finding.message.hasSuffix("1 → 3 → 1") || finding.message.hasSuffix("1 → 3 → 2 → 1"))
    }

    @Test(arguments: [
        ("---\ntitle: [\n---\n# A\n", "bad_front_matter 01-hello-world.md:3"),
        ("---\ntype: poem\n---\n# A\n", "bad_value 01-hello-world.md:2"),
        ("text\n", "missing_title 01-hello-world.md:1"),
        ("# A\n\n```\nx\n", "unclosed_fence 01-hello-world.md:3"),
        ("# A\n\n:::note\nx\n", "unclosed_admonition 01-hello-world.md:3"),
        ("# A\n\n:::note\n\n```\nx\n", "unclosed_fence 01-hello-world.md:5"),
        ("---\nslug: ../../etc/passwd\n---\n# A\n", "hostile_name 01-hello-world.md:1"),
        ("---\nslug: a/content\n---\n# A\n", "hostile_name 01-hello-world.md:1"),
        ("---\nslug: \"a\\u0007\"\n---\n# A\n", "bad_value 01-hello-world.md:2"),
        ("---\nslug: \(String(repeating: "a", count: 201))\n---\n# A\n", "hostile_name 01-hello-world.md:1"),
        ("# A\n\nsee [b](../lessons/02-no.md#x)\n", "broken_link 01-hello-world.md:3"),
        ("# A\n\n- x\n- ![b](./img/no.png)\n", "broken_link 01-hello-world.md:4"),
        ("# A\n\n[b]: no.md\n", "broken_link 01-hello-world.md:3"),
        (String(repeating: "a", count: 1_048_577), "oversize 01-hello-world.md"),
    ])
    func aWrongLessonIsAFindingWithItsLine(text: String, expected: String) {
        let reading = Self.reading([Self.lessonPath: text])
        #expect(Self.codes(reading).contains(expected), "\(Self.codes(reading))")
    }

    @Test(arguments: [
        "[a](https://example.com/x.md)", "[a](#part)", "[a](/docs/x.md)", "`[a](no.md)`", "[a](02-there.md)",
        "![a](img/r.png)", "[a](../../01-first/lessons/02-there.md)", "[a](mailto:a@b.md)", "```\n[a](no.md)\n```",
        "[a](02-there)", "[a](<img/a b.png>)", "[a](img/a%20b.png)",
    ])
    func linksThatLeadSomewhereOrElsewhereAreFine(link: String) {
        let folder = "parts/01-Start/chapters/01-first/lessons"
        let reading = Self.reading(
            [Self.lessonPath: "# A\n\n\(link)\n", "\(folder)/02-there.md": "# B\n"],
            other: ["\(folder)/img/r.png", "\(folder)/img/a b.png"])
        #expect(Self.codes(reading) == [])
    }

    @Test func twoLessonsMayNotShareASlug() throws {
        let reading = Self.reading([
            Self.lessonPath: "---\nslug: same\n---\n# A\n",
            "parts/01-Start/chapters/01-first/lessons/02-b.md": "---\nslug: same\n---\n# B\n",
        ])
        #expect(Self.codes(reading) == ["duplicate_slug 02-b.md:1"])
        #expect(try #require(reading.findings.first).message.contains("01-hello-world.md"))
    }

    @Test func bytesThatAreNotUTF8AreNamedByOffsetAndLine() throws {
        let bytes: [UInt8] = Array("# A\n\nab".utf8) + [0xC3, 0x28]
        let reading = BookReader(files: [Self.lessonPath: bytes]).read()
        let finding = try #require(reading.findings.first { $0.code == .notUTF8 })
        #expect(finding.line == 3)
        #expect(finding.message.contains("byte 7"))
    }

    @Test(arguments: ["](", "`", "[", "![](", "](a ", "<A ", "[a]: b\n", "*", "# ](", "``a`"])
    func hostileLessonsAreReadInLinearTime(piece: String) {
        let ratio = Growth.ratio(small: 4_000 / piece.utf8.count) { count in
            _ = Self.reading([Self.lessonPath: "# " + String(repeating: piece, count: count)])
        }
        #expect(ratio < 30, "\(piece.debugDescription)")
    }

    @Test func anEmptyBookIsAnError() {
        #expect(Self.codes(Self.reading([:])) == ["empty_book "])
    }

    @Test func hostileTreesNeverCrash() {
        var generator = SeededGenerator(seed: 5)
        let names = [
            "parts", "chapters", "lessons", "..", ".", "", "01-a", "a\u{0}b", "book.yaml", "x.md", "02.md", "1-.mdx",
            "-",
        ]
        let texts = ["", "# A", "---\n", "---\nslug: /\n---\n", "parts: [{}]", "parts: [{chapters: [{}]}]", "\u{FEFF}"]
        for _ in 0..<2_000 {
            var files: [String: String] = [:]
            for _ in 0..<generator.below(6) {
                let path = (0..<(1 + generator.below(7))).map { _ in generator.pick(names) }.joined(separator: "/")
                files[path] = generator.pick(texts)
            }
            files["book.yaml"] = generator.below(2) == 0 ? nil : generator.pick(texts)
            let reading = Self.reading(files)
            for lesson in reading.book.lessons { #expect(SafeName.problemWithSlug(lesson.slug) == nil) }
        }
    }

    @Test(
        arguments: [
            ("01-What-Is", 1, "What Is"), ("part-2-more", 2, "More"), ("ch03_x", 3, "X"), ("3D-views", nil, "3D views"),
            ("intro", nil, "Intro"),
        ] as [(String, Int?, String)])
    func namesTellNumberAndTitle(name: String, number: Int?, title: String) {
        #expect(FileName.number(name) == number)
        #expect(FileName.title(name) == title)
    }
}

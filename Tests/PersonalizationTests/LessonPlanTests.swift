import Learners
import Testing

@testable import Personalization

struct LessonPlanTests {
    private let glossary: Glossary

    init() throws {
        self.glossary = try Glossary.bundled()
    }

    private func plan(_ markdown: String) -> LessonPlan {
        LessonPlan(LessonSource(title: "T", markdown: Array(markdown.utf8)), glossary: self.glossary)
    }

    private func sections(_ markdown: String) -> [String] {
        self.plan(markdown).sections.map { String(decoding: $0.markdown, as: UTF8.self) }
    }

    @Test(arguments: 0..<400)
    func sectionsPartitionAnyBody(seed: UInt64) {
        let lesson = LessonSource(title: "Random", markdown: Array(HostileMarkdown.text(seed: seed).utf8))
        let plan = LessonPlan(lesson, glossary: self.glossary)
        #expect(Array(plan.sections.map(\.markdown).joined()) == lesson.body)
        #expect(plan.sections.map(\.ordinal) == Array(plan.sections.indices))
        #expect(plan.sections.allSatisfy { !$0.markdown.isEmpty })
        let introduced = plan.sections.flatMap(\.introducedTerms)
        #expect(Set(introduced).count == introduced.count)
        // Taken alone, a section holds the code and the headings that it holds within the lesson.
        let whole = LessonFacts(lesson.body)
        let parts = plan.sections.map { LessonFacts($0.markdown) }
        #expect(parts.flatMap(\.code) == whole.code)
        #expect(parts.flatMap(\.headings) == whole.headings)
        #expect(zip(parts, plan.sections).allSatisfy { $0.code.isEmpty || $1.facts.hasCode })
    }

    @Test func headingsOfTheFirstTwoLevelsBeginSections() {
        #expect(
            self.sections("a\n\n# T\n\n## S\n\nb\n\n### Deep\n\nc\n\nNext\n---\nd\n") == [
                "a\n\n", "# T\n\n", "## S\n\nb\n\n### Deep\n\nc\n\n", "Next\n---\nd\n",
            ])
        #expect(self.sections(" \n\n# T\nx") == [" \n\n# T\nx"])
        #expect(self.sections("no heading\n") == ["no heading\n"])
        #expect(self.sections("") == [])
        #expect(self.sections(" \n") == [" \n"])
        #expect(self.sections("# T\r\n\r\n## S\r\ntext\r\n") == ["# T\r\n\r\n", "## S\r\ntext\r\n"])
    }

    @Test(arguments: [
        "```\n## no heading\n```\n", ":::note\n## within\n:::\n", "- item\n\n  ## within\n", "> ## quoted\n",
        "```\n# open\n## still open\n",
    ])
    func headingsWithinOtherBlocksBeginNone(markdown: String) {
        #expect(self.sections("# T\n\n" + markdown) == ["# T\n\n" + markdown])
    }

    @Test func noTextAsksForEndlessGenerations() {
        let text = String(repeating: "## h\n", count: 2000)
        let sections = self.sections(text)
        #expect(sections.count == SectionCut.maximumSections)
        #expect(sections.joined() == text)
    }

    @Test func sectionsKnowTheirNeighbours() {
        let sections = self.plan("intro\n\n# One *a*\n\n## Two `b`\n\n## Three {#three}\n").sections
        #expect(sections.map(\.heading) == [nil, "One a", "Two b", "Three"])
        #expect(sections.map(\.previousHeading) == [nil, nil, "One a", "Two b"])
        #expect(sections.map(\.nextHeading) == ["One a", "Two b", "Three", nil])
    }

    @Test(arguments: [
        ("text\n\n```c\nx\n```\n", true), ("- a\n\n  ```c\n  x\n  ```\n", true), (":::note\n```c\nx\n```\n:::\n", true),
        ("::::tip\n:::note\n    x\n:::\n::::\n", true), ("> ```\n> x\n> ```\n", true), ("text\n\n    x = 1\n", true),
        ("text with `code` only\n", false), ("| a | b |\n|---|---|\n| c | d |\n", false),
    ])
    func codeIsFoundWhereverItStands(markdown: String, hasCode: Bool) throws {
        #expect(try #require(self.plan("## S\n\n" + markdown).sections.first).facts.hasCode == hasCode)
    }

    @Test(arguments: [
        ("## Only a robot\n", false), ("## S\n\n```c\nx\n```\n", false), ("## S\n\n***\n", false),
        ("## S\n\n`code`\n", false), ("## S\n\nWords.\n", true), ("## S\n\n- item\n", true), ("## S\n\nالفاظ\n", true),
    ])
    func proseIsWhatCouldBeWrittenDifferently(markdown: String, hasProse: Bool) throws {
        #expect(try #require(self.plan(markdown).sections.first).facts.hasProse == hasProse)
    }

    @Test func domainsAreThoseOfTheTermsInTheProse() throws {
        let section = try #require(
            self.plan("## S\n\nA sensor, and [a](./neural-network.md) `GPU`.\n\n```\nneural network\n```\n").sections
                .first)
        #expect(section.facts.domains == [.robotics])
        #expect(section.introducedTerms == ["sensor"])
    }

    @Test func termsAreIntroducedWhereTheyAreTaughtFirst() {
        let sections = self.plan(
            "# T\n\nA robot.\n\n## Learning Objectives\n\n- Say what a gait is.\n\n## S\n\nA gait of a robot.\n\n"
                + "## Summary\n\nThe torque.\n\n## More\n\nA gait, a torque.\n"
        ).sections
        #expect(sections.map(\.introducedTerms) == [["robot"], [], ["gait"], [], ["torque"]])
    }

    @Test func keysFollowTheSliceOnlyWhereTheSectionDoes() {
        let plan = self.plan("## Tea\n\nWater boils.\n\n## Robots\n\nA robot walks.\n")
        let recipe = SectionRecipe(
            modelClass: "m", promptVersion: "v2", glossaryVersion: "1", validatorVersion: "2")
        let slices = ProfileSlice.allCases.filter { $0.language == .en }
        let keys = slices.map { plan.keys(for: $0, by: recipe) }
        #expect(Set(keys.map { $0[0] }).count == 1)
        #expect(Set(keys.map { $0[1] }).count == 2)
        var other = recipe
        other.validatorVersion = "3"
        #expect(plan.keys(for: slices[0], by: other) != keys[0])
    }

    @Test(arguments: [
        "## h\n", "```\n", ":::note\n", "- a\n", "> ", "](", "]:", "a]:[", "`", "a ` `` ", "<", "$x", "robot ", "# ",
        "\\",
        "===\na\n", "((", "[x](", "neural ",
    ])
    func hostileBodiesArePlannedInLinearTime(piece: String) {
        let bytes = Array(String(repeating: piece, count: 100_000 / piece.utf8.count).utf8)
        let time = ContinuousClock().measure {
            let plan = LessonPlan(LessonSource(title: "T", markdown: bytes), glossary: self.glossary)
            #expect(Array(plan.sections.map(\.markdown).joined()) == bytes)
        }
        #expect(time < .seconds(10), "\(piece.debugDescription): \(time)")
    }
}

import FoundationEssentials
import Learners
import Testing

@testable import Personalization

struct LessonFrameTests {
    private static let frame = FrameText(opening: "> Label\n\nGoal.", closing: "**Before you go on.** Think.")
    private let writer: EmbeddedSectionWriter
    private let framing: LessonFraming

    init() throws {
        self.writer = try EmbeddedSectionWriter()
        self.framing = try LessonFraming(glossary: self.writer.glossary)
    }

    private func frame(
        _ slice: ProfileSlice, _ authorship: Authorship, goals: Set<LearningGoal> = [.hobby]
    ) -> FrameText {
        let plan = LessonPlan(Fixtures.lesson, glossary: self.writer.glossary)
        let profile = Fixtures.profile(slice, goals: goals)
        return LessonFrame(plan: plan, profile: profile, framing: self.framing, authorship: authorship).text
    }

    @Test func theOpeningStandsBelowTheFirstHeading() {
        let text = LessonFrame.assemble(sections: ["# T\n\nA.\n", "## S\n\nB.\n"], frame: Self.frame)
        #expect(text == "# T\n\n> Label\n\nGoal.\n\nA.\n\n## S\n\nB.\n\n**Before you go on.** Think.\n")
        let underlined = LessonFrame.assemble(sections: ["T\n===\nA.\n"], frame: Self.frame)
        #expect(underlined.hasPrefix("T\n===\n\n> Label\n\nGoal.\n\nA.\n\n**Before"))
    }

    @Test func withoutAHeadingTheOpeningStandsFirst() {
        let text = LessonFrame.assemble(sections: ["A.\n", "# T\n"], frame: Self.frame)
        #expect(text == "> Label\n\nGoal.\n\nA.\n\n# T\n\n**Before you go on.** Think.\n")
        let code = LessonFrame.assemble(sections: ["    code\n"], frame: Self.frame)
        #expect(code.hasPrefix("> Label\n\nGoal.\n\n    code\n"))
        #expect(LessonFrame.assemble(sections: [], frame: Self.frame).hasPrefix("> Label\n\nGoal.\n\n**Before"))
    }

    @Test(arguments: ["```\nopen\n", ":::note\nopen\n", "<div>\n", "<!-- open\n"])
    func nothingIsAddedWithinAnOpenBlock(open: String) {
        let text = LessonFrame.assemble(sections: ["# T\n", "## S\n\n" + open], frame: Self.frame)
        #expect(text.hasSuffix(open) && text.contains("> Label"))
    }

    @Test func theLabelSaysWhoWrote() throws {
        for slice in ProfileSlice.allCases {
            let labels = Authorship.allCases.map { self.frame(slice, $0).opening.prefix { $0 != "\n" } }
            #expect(Set(labels).count == 3)
            #expect(labels.allSatisfy { $0.hasPrefix("> ") })
            let word = slice.language == .en ? "language model" : "لسانی ماڈل"
            #expect(labels.map { $0.contains(word) } == [false, true, true])
            // Only the rules leave the author's text untranslated and say so.
            if slice.language == .ur {
                #expect(labels.map { $0.contains("ترجمہ نہیں کیا گیا") } == [true, false, true])
            }
        }
    }

    @Test func theFrameHoldsWhatTheWholeProfileAsksFor() {
        let expert = ProfileSlice(programming: .advanced, knowsRobotics: true, knowsAI: true, language: .en)
        let all = self.frame(expert, .rules, goals: Set(LearningGoal.allCases)).opening
        #expect(all.components(separatedBy: "**Why this matters").count == 6)
        #expect(all.contains("**Key points at a glance**\n\n- "))
        #expect(!(all.components(separatedBy: "\n\n").last ?? "").hasPrefix("- "))
        let novice = ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .en)
        #expect(!self.frame(novice, .rules).opening.contains("Key points"))
        #expect(self.frame(novice, .rules).closing.hasPrefix("**Before you go on.**"))
    }

    @Test func authorshipIsJudgedByWhatAModelCouldHaveWritten() throws {
        let lesson = LessonSource(
            title: "T",
            markdown: Array("# A robot\n\n## S\n\nA robot.\n\n## Tea\n\nWater.\n\n## More\n\nA sensor.\n".utf8))
        let plan = LessonPlan(lesson, glossary: self.writer.glossary)
        let slice = ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .en)
        let rules = EmbeddedSectionWriter.name
        let model = "acme/tiny/prompt-v2"
        #expect(Authorship(generators: [rules, model, rules, model], of: plan, for: slice) == .model)
        #expect(Authorship(generators: [rules, model, rules, rules], of: plan, for: slice) == .mixed)
        #expect(Authorship(generators: [rules, rules, rules, rules], of: plan, for: slice) == .rules)
        var urdu = slice
        urdu.language = .ur
        #expect(Authorship(generators: [rules, model, rules, model], of: plan, for: urdu) == .mixed)
    }

    @Test func framesAreStoredAndReadBack() throws {
        let bytes = try JSONEncoder().encode(Self.frame)
        #expect(try JSONDecoder().decode(FrameText.self, from: bytes) == Self.frame)
    }

    @Test func anAssemblyThatLostAnythingIsFound() throws {
        let text = try WrittenLesson(
            Fixtures.lesson, for: Fixtures.profile(ProfileSlice.allCases[0]), writer: self.writer
        ).text
        func checks(_ text: String) -> [CheckFailure.Check] {
            Validators.failures(ofAssembled: text, for: Fixtures.lesson).map(\.check)
        }
        #expect(checks(text) == [])
        #expect(checks(text.replacing("LIMIT = 30", with: "LIMIT = 31")) == [.code])
        #expect(checks(text.replacing("## Summary", with: "### Summary")) == [.headings])
        #expect(checks(text.replacing("plot.png", with: "plan.png")) == [.targets])
        #expect(checks(text.replacing("Motors reach", with: "Motors like")) == [.warnings])
        #expect(checks(text + "\n<b>x</b>\n") == [.markup])
    }
}

import Foundation
import Learners
import Testing
import Textbook

@testable import Personalization

struct EmbeddedSectionTests {
    let writer: EmbeddedSectionWriter

    init() throws {
        self.writer = try EmbeddedSectionWriter()
    }

    private func text(_ slice: ProfileSlice, _ lesson: LessonSource = Fixtures.lesson) throws -> String {
        try WrittenLesson(lesson, for: Fixtures.profile(slice), writer: self.writer).text
    }

    @Test func thereAreTwentyFourSlices() {
        #expect(Set(ProfileSlice.allCases).count == 24)
    }

    @Test(arguments: ProfileSlice.allCases)
    func everySlicePassesEveryCheckOnTheFixture(slice: ProfileSlice) throws {
        let text = try self.text(slice)
        #expect(Validators.failures(ofAssembled: text, for: Fixtures.lesson) == [])
        let source = LessonFacts(Fixtures.lesson.body)
        let output = LessonFacts(Array(text.utf8))
        #expect(output.code == source.code)
        #expect(output.headings == source.headings)
        #expect(output.targets == source.targets)
        #expect(output.tables == source.tables)
        #expect(output.warnings == source.warnings)
        #expect(source.code.count == 4 && source.headings.count == 4 && source.tables.count == 1)
        #expect(source.targets == ["https://example.org/a_(b).html", "./plot.png"])
    }

    @Test func theSameInputGivesTheSameBytes() throws {
        for slice in ProfileSlice.allCases {
            let again = try WrittenLesson(
                Fixtures.lesson, for: Fixtures.profile(slice), writer: try EmbeddedSectionWriter()
            ).text
            #expect(try self.text(slice) == again)
        }
    }

    @Test func differentSlicesReadDifferently() throws {
        let texts = try ProfileSlice.allCases.map { try self.text($0) }
        #expect(Set(texts).count == texts.count)
    }

    @Test func termsAreExplainedOnceAndOnlyToThoseWhoNeedThem() throws {
        let newcomer = try self.text(
            ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .en))
        #expect(newcomer.components(separatedBy: "> - **IMU**: a small chip").count == 2)
        #expect(newcomer.contains("> - **reinforcement learning**:"))
        #expect(newcomer.contains("**Picture it:**"))
        #expect(newcomer.contains("**Reading this code.** It is written in Python"))
        #expect(newcomer.contains("`read_angle`"))
        #expect(newcomer.contains("says “Read the angle of one joint”"))
        let roboticist = try self.text(
            ProfileSlice(programming: .advanced, knowsRobotics: true, knowsAI: false, language: .en))
        #expect(!roboticist.contains("**IMU**:"))
        #expect(roboticist.contains("> - **reinforcement learning**:"))
        #expect(!roboticist.contains("Reading this code"))
        #expect(roboticist.contains("You can skim this section"))
        #expect(roboticist.contains("**Key points at a glance**"))
    }

    @Test func longSentencesAreDividedOnlyWhereEverythingIsNew() throws {
        let divided = "within 50 ms. It does so with no help"
        let newcomer = ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .en)
        #expect(try self.text(newcomer).contains(divided))
        #expect(try self.text(newcomer).contains("some long sentences were divided"))
        // The section speaks of robots only: what else the reader knows does not matter to it.
        var other = newcomer
        other.knowsAI = true
        other.programming = .advanced
        #expect(try self.text(other).contains(divided))
        other.knowsRobotics = true
        #expect(try !self.text(other).contains(divided))
        #expect(try self.text(other).contains("text, code and numbers are unchanged"))
    }

    @Test func everyGoalHasItsOwnParagraphInAFixedOrder() throws {
        let slice = ProfileSlice.allCases[0]
        let all = try WrittenLesson(
            Fixtures.lesson, for: Fixtures.profile(slice, goals: Set(LearningGoal.allCases)), writer: self.writer
        ).text
        let leads = ["a career change.", "research.", "a hobby.", "teaching.", "building projects."]
        let places = leads.compactMap { all.range(of: "**Why this matters for \($0)**")?.lowerBound }
        #expect(places.count == 5)
        #expect(places == places.sorted())
        let one = try WrittenLesson(
            Fixtures.lesson, for: Fixtures.profile(slice, goals: [.teaching]), writer: self.writer
        ).text
        #expect(one.components(separatedBy: "Why this matters").count == 2)
    }

    @Test func educationChangesTheFraming() throws {
        let slice = ProfileSlice.allCases[0]
        let texts = try EducationLevel.allCases.map {
            try WrittenLesson(Fixtures.lesson, for: Fixtures.profile(slice, education: $0), writer: self.writer).text
        }
        #expect(Set(texts).count == 4)
    }

    @Test func urduSaysHonestlyThatTheTextIsNotTranslated() throws {
        let text = try self.text(
            ProfileSlice(programming: .novice, knowsRobotics: false, knowsAI: false, language: .ur))
        #expect(text.contains("سبق کا اصل متن ترجمہ نہیں کیا گیا"))
        #expect(text.contains("> - **IMU**: ایک چھوٹی چپ"))
        #expect(text.contains("## Summary"))
        #expect(text.contains("> *خلاصہ*"))
        #expect(text.contains("Every sensor turns a quantity into a signal."))
    }

    @Test func frontMatterIsNoPartOfTheText() throws {
        #expect(try self.text(ProfileSlice.allCases[0]).hasPrefix("# Sensors and Balance {#top}\n"))
    }

    @Test(arguments: [
        "", "\n\n", "just one line", "```", "```python\nprint(1)", "<!-- open", "<div>\n<script>alert(1)</script>",
        ":::warning\nnever closed", "$$\nx", "    code only", "---\n", "# T\n\n:::note\n```\nopen in open",
        "- a\n  ```\n  open in a list", "\u{FEFF}# BOM\r\n\r\ntext; it is CRLF\r\n", "Title\n===\ntext",
        "[a]: http://x.example\n[a]", "text <b>bold</b> & more", "a robot\0 with NUL",
    ])
    func oddTextsComeBackWholeOrNotAtAll(markdown: String) throws {
        let lesson = LessonSource(title: "Odd <i>title</i> `x` [y](z)", markdown: Array(markdown.utf8))
        for slice in ProfileSlice.allCases {
            let text = try self.text(slice, lesson)
            #expect(LessonFacts(Array(text.utf8)).code == LessonFacts(lesson.body).code)
            #expect(!text.contains("<i>"))
        }
    }

    @Test func bookTermsComeBeforeOurs() throws {
        let own = GlossaryTerm(
            term: "sensor", aliases: ["sensors"], domain: .robotics, explanation: "the book's own words", urdu: "کتاب")
        let writer = try EmbeddedSectionWriter(bookTerms: [own])
        let profile = Fixtures.profile(ProfileSlice.allCases[0])
        let text = try WrittenLesson(Fixtures.lesson, for: profile, writer: writer).text
        #expect(text.contains("> - **sensor**: the book's own words."))
        var changed = own
        changed.explanation = "other words"
        #expect(try EmbeddedSectionWriter(bookTerms: [changed]).recipe != writer.recipe)
    }
}

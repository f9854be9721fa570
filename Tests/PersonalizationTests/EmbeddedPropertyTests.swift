import Learners
import Testing

@testable import Personalization

/// What holds for every text by rule, whatever the lesson and whoever the reader.
struct EmbeddedPropertyTests {
    private func expectKept(_ text: String, _ lesson: LessonSource, _ note: String) {
        let source = LessonFacts(lesson.body)
        let output = LessonFacts(Array(text.utf8))
        #expect(output.code == source.code, "\(note)")
        #expect(output.headings == source.headings, "\(note)")
        #expect(output.targets == source.targets, "\(note)")
        #expect(output.tables == source.tables, "\(note)")
        #expect(output.warnings == source.warnings, "\(note)")
        #expect(Validators.failures(ofAssembled: text, for: lesson) == [], "\(note)")
    }

    @Test(arguments: 0..<600)
    func codeHeadingsAndTargetsSurviveAnySurroundings(seed: UInt64) throws {
        let lesson = LessonSource(title: "Random", markdown: Array(HostileMarkdown.text(seed: seed).utf8))
        let slice = ProfileSlice.allCases[Int(seed) % 24]
        let profile = Fixtures.profile(slice, goals: seed % 5 == 0 ? [] : [.research])
        let text = try WrittenLesson(lesson, for: profile, writer: try EmbeddedSectionWriter()).text
        self.expectKept(text, lesson, "seed \(seed)")
    }

    @Test(arguments: ProfileSlice.allCases)
    func everySectionOfTheSampleBookPassesEveryCheck(slice: ProfileSlice) throws {
        let writer = try EmbeddedSectionWriter()
        let book = try Fixtures.sampleBook()
        #expect(book.count == 12)
        for (path, lesson) in book {
            let profile = Fixtures.profile(slice, goals: Set(LearningGoal.allCases))
            let written = try WrittenLesson(lesson, for: profile, writer: writer)
            for (section, text) in zip(written.plan.sections, written.sections) {
                let failures = Validators.failures(
                    of: text.text, for: section, slice: SectionSlice(slice, for: section.facts),
                    context: .rules(glossary: writer.glossary))
                #expect(failures == [], "\(path) \(section.heading ?? "")")
                #expect(text.softFailures == [])
                #expect(text.text.hasSuffix("\n") && !text.text.hasSuffix("\n\n"))
            }
            self.expectKept(written.text, lesson, path)
        }
    }

    @Test func sectionsAreWrittenFromTheirSliceAloneAndAlwaysTheSame() throws {
        let writer = try EmbeddedSectionWriter()
        let again = try EmbeddedSectionWriter()
        var texts: [GenerationKey: String] = [:]
        var sections = 0
        for (path, lesson) in try Fixtures.sampleBook() {
            let plan = LessonPlan(lesson, glossary: writer.glossary)
            sections += plan.sections.count
            for slice in ProfileSlice.allCases {
                for (section, key) in zip(plan.sections, plan.keys(for: slice, by: writer.recipe)) {
                    let own = SectionSlice(slice, for: section.facts)
                    let text = try writer.write(section, for: own).text
                    if let known = texts[key] {
                        #expect(known == text, "\(path) \(section.heading ?? "")")
                    } else {
                        #expect(try again.write(section, for: own).text == text)
                        texts[key] = text
                    }
                }
            }
        }
        #expect(sections > 100)
        #expect(texts.count < 24 * sections / 2, "\(texts.count) generations of \(sections) sections")
    }

    @Test func neutralSectionsAndThoseWithoutProseComeBackAsTheyAre() throws {
        let writer = try EmbeddedSectionWriter()
        for slice in ProfileSlice.allCases {
            let bare = SectionSource("## A robot\n\n```python\nx = 1\n```\n\n\n", glossary: writer.glossary)
            #expect(!bare.facts.hasProse)
            let text = try writer.write(bare, for: SectionSlice(slice, for: bare.facts)).text
            #expect(text == "## A robot\n\n```python\nx = 1\n```\n")
        }
        let plain = SectionSource("## On tea\n\nWater boils; it is hot.", glossary: writer.glossary)
        let neutral = SectionSlice(ProfileSlice.allCases[0], for: plain.facts)
        #expect(neutral.isNeutral)
        #expect(try writer.write(plain, for: neutral).text == "## On tea\n\nWater boils; it is hot.\n")
    }
}

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

    @Test(arguments: 0..<400)
    func codeHeadingsAndTargetsSurviveAnySurroundings(seed: UInt64) throws {
        let lesson = LessonSource(title: "Random", markdown: Array(HostileMarkdown.text(seed: seed).utf8))
        let slice = ProfileSlice.allCases[Int(seed) % 24]
        let profile = Fixtures.profile(slice, goals: seed % 5 == 0 ? [] : [.research])
        let text = try WrittenLesson(lesson, for: profile, writer: try EmbeddedSectionWriter()).text
        self.expectKept(text, lesson, "seed \(seed)")
    }

    /// The whole sample book for all 24 slices, each distinct generation written once.
    @Test func theSampleBookIsSoundForEverySlice() throws {
        let writer = try EmbeddedSectionWriter()
        let framing = try LessonFraming(glossary: writer.glossary)
        let again = try EmbeddedSectionWriter()
        let book = try Fixtures.sampleBook()
        #expect(book.count == 12)
        var texts: [GenerationKey: String] = [:]
        var sections = 0
        for (path, lesson) in book {
            let plan = LessonPlan(lesson, glossary: writer.glossary)
            sections += plan.sections.count
            for slice in ProfileSlice.allCases {
                let keys = plan.keys(for: slice, by: writer.recipe)
                for (section, key) in zip(plan.sections, keys) where texts[key] == nil {
                    let own = SectionSlice(slice, for: section.facts)
                    let written = try writer.write(section, for: own)
                    let failures = Validators.failures(
                        of: written.text, for: section, slice: own, context: .rules(glossary: writer.glossary))
                    #expect(failures == [] && written.softFailures == [], "\(path) \(section.heading ?? "")")
                    #expect(written.text.hasSuffix("\n") && !written.text.hasSuffix("\n\n"))
                    #expect(try again.write(section, for: own) == written)
                    texts[key] = written.text
                }
                let profile = Fixtures.profile(slice, goals: Set(LearningGoal.allCases))
                let frame = LessonFrame(plan: plan, profile: profile, framing: framing, authorship: .rules).text
                let text = LessonFrame.assemble(sections: keys.compactMap { texts[$0] }, frame: frame)
                self.expectKept(text, lesson, path)
            }
        }
        #expect(sections > 100)
        #expect(texts.count < 24 * sections / 3, "\(texts.count) generations of \(sections) sections")
    }

    @Test(arguments: ProfileSlice.allCases)
    func slicesThatDoNotDifferForASectionGiveTheSameBytes(slice: ProfileSlice) throws {
        let writer = try EmbeddedSectionWriter()
        for section in LessonPlan(Fixtures.lesson, glossary: writer.glossary).sections {
            let own = SectionSlice(slice, for: section.facts)
            let text = try writer.write(section, for: own).text
            for other in ProfileSlice.allCases where SectionSlice(other, for: section.facts) == own {
                #expect(try writer.write(section, for: SectionSlice(other, for: section.facts)).text == text)
            }
        }
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

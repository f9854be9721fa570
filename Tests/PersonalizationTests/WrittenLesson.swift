import Learners

@testable import Personalization

/// A lesson written section by section by the rules and put together, as the handler does it.
struct WrittenLesson {
    let plan: LessonPlan
    let sections: [WrittenSection]
    let text: String

    init(
        _ lesson: LessonSource, for profile: LearnerProfile, writer: EmbeddedSectionWriter,
        authorship: Authorship = .rules
    ) throws {
        let plan = LessonPlan(lesson, glossary: writer.glossary)
        let slice = ProfileSlice(profile)
        self.plan = plan
        self.sections = try plan.sections.map { try writer.write($0, for: SectionSlice(slice, for: $0.facts)) }
        let frame = LessonFrame(
            plan: plan, profile: profile, framing: try LessonFraming(glossary: writer.glossary),
            authorship: authorship
        ).text
        self.text = LessonFrame.assemble(sections: self.sections.map(\.text), frame: frame)
    }
}

extension SectionSlice {
    /// What a test says of a slice without a section.
    init(
        _ slice: ProfileSlice, hasCode: Bool = true,
        domains: Set<ProfileSlice.Domain> = Set(ProfileSlice.Domain.allCases)
    ) {
        self.init(slice, for: SectionFacts(hasCode: hasCode, hasProse: true, domains: domains))
    }
}

extension SectionSource {
    /// A text that is a section by itself.
    init(_ markdown: String, glossary: Glossary) {
        let lesson = LessonSource(title: "T", markdown: Array(markdown.utf8))
        let reading = SectionReading(lesson.markdown, glossary: glossary)
        self.init(
            ordinal: 0, lessonTitle: "T", markdown: lesson.markdown,
            heading: reading.heading,
            introducedTerms: reading.taughtTerms.map { glossary.terms[$0].term }, facts: reading.facts(glossary))
    }
}

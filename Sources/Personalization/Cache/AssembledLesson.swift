import ContentHashing
import Learners

/// A lesson for one profile, put together from sections that are stored.
struct AssembledLesson: Sendable {
    /// The sections, in order.
    var sections: [GenerationKey]
    var frame: FrameText
    var text: String
    /// Who wrote the sections, as the learner is told; several are joined by " + ", in the order of the sections.
    var generator: String
    var promptVersion: String?

    /// XXH3-128 of the text in hexadecimal digits.
    var hash: String { ContentHash(of: self.text).hex }

    init(
        _ plan: LessonPlan, for profile: LearnerProfile, entries: [GenerationStore.Entry], texts: [String],
        framing: LessonFraming, promptVersion: String
    ) {
        let generators = entries.map(\.generator)
        let authorship = Authorship(generators: generators, of: plan, for: ProfileSlice(profile))
        self.sections = entries.map(\.key)
        self.frame = LessonFrame(plan: plan, profile: profile, framing: framing, authorship: authorship).text
        self.text = LessonFrame.assemble(sections: texts, frame: self.frame)
        self.generator = generators.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            .joined(separator: " + ")
        self.promptVersion = authorship == .rules ? nil : promptVersion
    }

    /// What is wrong with sections that are each sound once they stand together, as may happen to Markdown that reaches
    /// across its headings.
    static func faults(of texts: [String], _ plan: LessonPlan) -> [CheckFailure] {
        let text = LessonFrame.assemble(sections: texts, frame: FrameText(opening: "Opening.", closing: "Closing."))
        let source = LessonSource(title: plan.title, markdown: plan.sections.flatMap(\.markdown))
        return Validators.failures(ofAssembled: text, for: source)
    }
}

import Learners

/// The checks that every personalized text passes before anybody sees it: pure functions of two texts.
public enum Validators {
    /// Grows with every change of what is checked; part of every generation's key.
    public static let version = "2"

    /// Everything that is wrong with a section's text.
    /// - Parameters:
    ///   - text: what was written.
    ///   - section: what it was written from.
    ///   - slice: for whom it was written.
    public static func failures(
        of text: String, for section: SectionSource, slice: SectionSlice, context: CheckContext
    ) -> [CheckFailure] {
        let source = LessonFacts(section.markdown)
        let output = LessonFacts(Array(text.utf8))
        let isFree = slice.isNeutral || !section.facts.hasProse || context.mayStayUnchanged
        let isUrdu = context.isTranslated && slice.language == .ur
        return [
            self.code(source, output), self.headings(source, output), self.targets(source, output),
            self.measures(source, output), self.warnings(source, output),
            isUrdu ? self.script(output, context.glossary) : nil,
            isUrdu ? self.terms(source, output, context.glossary) : nil,
            self.framing(source, output), self.length(source, output, context.lengthBounds),
            self.finish(context.finishReason), self.markup(source, output), self.grade(source, output, slice),
            self.ending(source, output), self.echo(source, output, context),
            isFree ? nil : self.identity(source, output),
        ].compactMap(\.self)
    }

    /// What is wrong with a lesson that was put together from sections and a frame: code, headings, targets, warnings
    /// and markup must be those of the lesson as a whole.
    public static func failures(ofAssembled text: String, for lesson: LessonSource) -> [CheckFailure] {
        let source = LessonFacts(lesson.body)
        let output = LessonFacts(Array(text.utf8))
        return [
            self.code(source, output), self.headings(source, output), self.targets(source, output),
            self.warnings(source, output), self.markup(source, output),
        ].compactMap(\.self)
    }

    static func finish(_ reason: String?) -> CheckFailure? {
        guard let reason, reason != "stop" else { return nil }
        return CheckFailure(.finish, "The answer ended early (\(reason.prefix(32))); write the whole section.")
    }

    /// Scalars that a text may lack beyond its bounds: white space at a line's end is nobody's loss.
    private static let slack = 40

    static func length(
        _ source: LessonFacts, _ output: LessonFacts, _ bounds: CheckContext.LengthBounds
    ) -> CheckFailure? {
        let lowest = Int(Double(source.length) * bounds.ratio.lowerBound) - Self.slack
        let highest = Int(Double(source.length) * bounds.ratio.upperBound) + bounds.allowance
        if output.length < lowest {
            return CheckFailure(.length, "The text is too short: keep everything the section says.")
        }
        if output.length > highest {
            return CheckFailure(.length, "The text is too long: explain less, and do not repeat the section.")
        }
        return nil
    }

    static func identity(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        guard source.trimmed == output.trimmed else { return nil }
        return CheckFailure(.identity, "The section came back unchanged: adapt it to the reader.")
    }

    static func echo(_ source: LessonFacts, _ output: LessonFacts, _ context: CheckContext) -> CheckFailure? {
        let text = String(decoding: output.bytes, as: UTF8.self)
        if let boundary = context.boundary, text.contains(boundary) {
            return CheckFailure(.echo, "The boundary around the section is no part of it: leave it out.")
        }
        let original = String(decoding: source.bytes, as: UTF8.self)
        if text.contains("⟦"), !original.contains("⟦") {
            return CheckFailure(.echo, "Write each placeholder ⟦…⟧ exactly once, on a line of its own.")
        }
        if context.instructions.contains(where: { text.contains($0) && !original.contains($0) }) {
            return CheckFailure(.echo, "The text repeats the instructions: write the section only.")
        }
        return nil
    }
}

/// What is known about a text besides the text itself.
public struct CheckContext: Hashable, Sendable {
    /// How long a text may be in proportion to its lesson.
    public struct LengthBounds: Hashable, Sendable {
        /// Lowest and highest ratio of lengths, counted in Unicode scalars.
        public var ratio: ClosedRange<Double>
        /// Scalars that any text may have on top: frames weigh more on a very short lesson.
        public var allowance: Int

        /// Bounds from their numbers.
        public init(ratio: ClosedRange<Double>, allowance: Int) {
            self.ratio = ratio
            self.allowance = allowance
        }

        /// For text from a chat model.
        public static let chat = LengthBounds(ratio: 0.6...1.8, allowance: 400)
        /// For the embedded generator, which only adds.
        public static let embedded = LengthBounds(ratio: 1.0...2.2, allowance: 4000)
    }

    /// Why the writer stopped, as a chat provider says it; `nil` for a writer that always comes to its end.
    public var finishReason: String?
    public var lengthBounds: LengthBounds
    /// True when the learner's answers ask for no change at all.
    public var isNeutral: Bool
    /// The boundary that fenced the lesson off in the prompt.
    public var boundary: String?

    /// A context from its fields.
    public init(
        finishReason: String? = nil, lengthBounds: LengthBounds, isNeutral: Bool = false, boundary: String? = nil
    ) {
        self.finishReason = finishReason
        self.lengthBounds = lengthBounds
        self.isNeutral = isNeutral
        self.boundary = boundary
    }
}

/// The checks that every personalized text passes before anybody sees it: pure functions of two texts.
public enum Validators {
    /// Everything that is wrong with a text.
    /// - Parameters:
    ///   - text: what was written.
    ///   - lesson: what it was written from.
    public static func failures(
        of text: String, for lesson: LessonSource, context: CheckContext
    ) -> [CheckFailure] {
        let source = LessonFacts(lesson.body)
        let output = LessonFacts(Array(text.utf8))
        return [
            self.code(source, output), self.headings(source, output), self.targets(source, output),
            self.measures(source, output), self.warnings(source, output), self.framing(source, output),
            self.length(source, output, context.lengthBounds), self.finish(context.finishReason),
            self.markup(source, output), self.echo(source, output, context.boundary),
            self.identity(source, output, isNeutral: context.isNeutral),
        ].compactMap(\.self)
    }

    static func finish(_ reason: String?) -> CheckFailure? {
        guard let reason, reason != "stop" else { return nil }
        return CheckFailure(.finish, "The answer ended early (\(reason.prefix(32))); write the whole lesson.")
    }

    static func length(
        _ source: LessonFacts, _ output: LessonFacts, _ bounds: CheckContext.LengthBounds
    ) -> CheckFailure? {
        let lowest = Int(Double(source.length) * bounds.ratio.lowerBound) - bounds.allowance
        let highest = Int(Double(source.length) * bounds.ratio.upperBound) + bounds.allowance
        if output.length < lowest {
            return CheckFailure(.length, "The text is too short: keep everything the lesson says.")
        }
        if output.length > highest {
            return CheckFailure(.length, "The text is too long: explain less, and do not repeat the lesson.")
        }
        return nil
    }

    static func identity(_ source: LessonFacts, _ output: LessonFacts, isNeutral: Bool) -> CheckFailure? {
        guard !isNeutral, source.trimmed == output.trimmed else { return nil }
        return CheckFailure(.identity, "The lesson came back unchanged: adapt it to the learner.")
    }

    static func echo(_ source: LessonFacts, _ output: LessonFacts, _ boundary: String?) -> CheckFailure? {
        let text = String(decoding: output.bytes, as: UTF8.self)
        if let boundary, text.contains(boundary) {
            return CheckFailure(.echo, "The boundary around the lesson is no part of it: leave it out.")
        }
        let original = String(decoding: source.bytes, as: UTF8.self)
        if text.contains("⟦"), !original.contains("⟦") {
            return CheckFailure(.echo, "Write each placeholder ⟦…⟧ exactly once, on a line of its own.")
        }
        return nil
    }
}

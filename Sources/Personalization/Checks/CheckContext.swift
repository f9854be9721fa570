/// What is known of a text besides the text itself.
public struct CheckContext: Sendable {
    /// How long a text may be in proportion to its source, code left out of account.
    public struct LengthBounds: Hashable, Sendable {
        /// Lowest and highest ratio of lengths, counted in Unicode scalars.
        public var ratio: ClosedRange<Double>
        /// Scalars that any text may have on top: explanations weigh more on a very short section.
        public var allowance: Int

        /// Bounds from their numbers.
        public init(ratio: ClosedRange<Double>, allowance: Int) {
            self.ratio = ratio
            self.allowance = allowance
        }

        /// For text from a chat model.
        public static let chat = LengthBounds(ratio: 0.6...1.8, allowance: 400)
        /// For the rules, which only add.
        public static let rules = LengthBounds(ratio: 1.0...2.2, allowance: 1600)
    }

    /// The terms that stay in Latin script.
    public var glossary: Glossary
    public var lengthBounds: LengthBounds
    /// Whether the writer writes in the reader's language; the rules only explain in it.
    public var isTranslated: Bool
    /// Whether the writer may find nothing to change.
    public var mayStayUnchanged: Bool
    /// Why the writer stopped, as a chat provider says it; `nil` for a writer that always comes to its end.
    public var finishReason: String?
    /// The boundary that fenced the section off in the prompt.
    public var boundary: String?
    /// Sentences of the prompt that no answer may repeat.
    public var instructions: [String] = []

    /// What is known of a text by rule.
    public static func rules(glossary: Glossary) -> CheckContext {
        CheckContext(glossary: glossary, lengthBounds: .rules, isTranslated: false, mayStayUnchanged: true)
    }

    /// What is known of a model's answer.
    /// - Parameter mayStayUnchanged: true for a piece of a section, in which there may be nothing to adapt.
    public static func chat(
        glossary: Glossary, finishReason: String?, boundary: String?, instructions: [String] = [],
        mayStayUnchanged: Bool = false
    ) -> CheckContext {
        CheckContext(
            glossary: glossary, lengthBounds: .chat, isTranslated: true, mayStayUnchanged: mayStayUnchanged,
            finishReason: finishReason, boundary: boundary, instructions: instructions)
    }
}

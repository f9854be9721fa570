/// What requests and jobs have to agree on: where lessons are read, how they are framed, and by which means their
/// sections are written.
public struct PersonalizationParts: Sendable {
    public let plans: LessonPlans
    public let framing: LessonFraming
    /// By which means sections are meant to be written.
    public let recipe: SectionRecipe
    /// The embedded rules, which write where no model does.
    public let embedded: EmbeddedSectionWriter

    /// The parts of one process.
    /// - Parameters:
    ///   - model: the recipe of the model that is meant to write; `nil` where the embedded rules are.
    ///   - bookTerms: a book's own terms, which come before the bundled ones.
    /// - Throws: ``PersonalizationError`` when a bundled file is missing or has another shape.
    public init(
        bodies: any LessonBodySource, model: SectionRecipe?, bookTerms: [GlossaryTerm] = []
    ) throws(PersonalizationError) {
        self.embedded = try EmbeddedSectionWriter(bookTerms: bookTerms)
        self.plans = LessonPlans(bodies: bodies, glossary: self.embedded.glossary)
        self.framing = try LessonFraming(glossary: self.embedded.glossary)
        self.recipe = model ?? self.embedded.recipe
    }
}

/// A section written anew.
public struct WrittenSection: Hashable, Sendable {
    /// Markdown that passed every check that keeps a text back; ends with one line end.
    public var text: String
    /// The rung that wrote it, as the learner is told: `embedded/rules-v2`, `acme/gpt-4o-mini/prompt-v2`.
    public var generator: String
    /// True when the embedded rules stood in for a model that was meant to write.
    public var isFallback: Bool
    /// Why the models did not write, where the embedded rules stood in: one machine word, `circuit_open`.
    public var fallbackReason: String?
    /// How often a model was asked, and what that took, over all rungs.
    public var attempts: Int
    public var promptTokens: Int
    public var completionTokens: Int
    public var costMicros: Int64
    /// Checks that the text failed and that do not keep it back, by their names in reports: `V9`.
    public var softFailures: [String]

    /// A section from its parts.
    public init(
        text: String, generator: String, isFallback: Bool = false, fallbackReason: String? = nil, attempts: Int = 0,
        promptTokens: Int = 0, completionTokens: Int = 0, costMicros: Int64 = 0,
        softFailures: [String] = []
    ) {
        self.text = text
        self.generator = generator
        self.isFallback = isFallback
        self.fallbackReason = fallbackReason
        self.attempts = attempts
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.costMicros = costMicros
        self.softFailures = softFailures
    }
}

/// Writes sections for slices.
public protocol SectionWriter: Sendable {
    /// By which means this writer writes; part of every key.
    var recipe: SectionRecipe { get }

    /// Writes one section. What comes back passed ``Validators``.
    /// - Parameter payer: who is charged; an opaque word that holds no learner's id.
    /// - Throws: ``PersonalizationError`` with `rejectedText` where not even the embedded rules could write it, and
    ///   `CancellationError`.
    func write(_ section: SectionSource, for slice: SectionSlice, payer: String?) async throws -> WrittenSection
}

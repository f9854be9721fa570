import LanguageModels

/// Has chat models write a section: the first of several providers, the next when it cannot, the rules at last.
///
/// An answer that breaks a rule goes back with the reasons; a section that stays broken is written in pieces where it
/// has subsections. Every answer passes ``Validators`` before it is believed.
public struct ChatSectionWriter: SectionWriter {
    /// How long and how often models are asked.
    public struct Configuration: Sendable {
        /// How often each provider may mend an answer that broke a rule.
        public var maximumRetries = 2
        /// The limit for one answer.
        public var timeout: Duration = .seconds(60)
        /// 0 gives the most probable text.
        public var temperature: Double? = 0.3
        /// The most tokens of one answer; `nil` leaves it to the provider.
        public var maximumTokens: Int?

        /// The defaults.
        public init() {}
    }

    let providers: [any SectionProvider]
    let embedded: EmbeddedSectionWriter
    let configuration: Configuration
    let file: PromptFile
    let nonce: @Sendable () -> UInt64

    /// A writer over providers in the order of preference; without any, the rules write.
    /// - Parameter nonce: random bits for the boundary around each section.
    /// - Throws: ``PersonalizationError`` when the bundled prompt is missing.
    public init(
        providers: [any SectionProvider], embedded: EmbeddedSectionWriter,
        configuration: Configuration = Configuration(),
        nonce: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) throws(PersonalizationError) {
        self.providers = providers
        self.embedded = embedded
        self.configuration = configuration
        self.file = try PromptFile(.v2)
        self.nonce = nonce
    }

    /// The first provider's model with the prompt's version; the rules' own recipe without providers.
    public var recipe: SectionRecipe {
        var recipe = self.embedded.recipe
        guard let first = self.providers.first else { return recipe }
        recipe.modelClass = first.modelName
        recipe.promptVersion = self.file.version.rawValue
        return recipe
    }

    /// Writes one section. What holds no prose is written by the rules at once, and so is what no provider could write:
    /// then `isFallback` is true. A model is asked for what our glossary has no word for, too: the book may be about
    /// anything.
    /// - Throws: ``PersonalizationError`` with `rejectedText` where not even the rules could write it, and
    ///   `CancellationError`.
    public func write(
        _ section: SectionSource, for slice: SectionSlice, payer: String?
    ) async throws -> WrittenSection {
        guard !self.providers.isEmpty, section.facts.hasProse,
            SectionPlaceholders(section.markdown).hasProse
        else { return try self.embedded.write(section, for: slice) }
        var usage = ModelUsage()
        var reasons: [String] = []
        for provider in self.providers {
            var rung = ProviderRung(writer: self, provider: provider, slice: slice, payer: payer)
            let outcome = try await rung.write(section)
            usage += rung.usage
            switch outcome {
            case .written(let text, let softFailures):
                let generator = "\(provider.name)/\(provider.modelName)/prompt-\(self.file.version.rawValue)"
                return usage.charged(to: WrittenSection(text: text, generator: generator, softFailures: softFailures))
            case .failed(let word, _): reasons.append(word)
            }
        }
        var written = try self.embedded.write(section, for: slice)
        written.isFallback = true
        // One rung that may be back is reason enough to come back.
        written.fallbackReason = reasons.first(where: WrittenSection.passingReasons.contains) ?? reasons.last
        return usage.charged(to: written)
    }
}

/// What asking models took.
struct ModelUsage {
    var attempts = 0
    var promptTokens = 0
    var completionTokens = 0
    var costMicros: Int64 = 0

    static func += (sum: inout ModelUsage, other: ModelUsage) {
        sum.attempts += other.attempts
        sum.promptTokens += other.promptTokens
        sum.completionTokens += other.completionTokens
        sum.costMicros += other.costMicros
    }

    /// Counts an answer.
    mutating func add(_ completion: ChatCompletion, of provider: any SectionProvider) {
        let prompt = completion.promptTokens ?? 0
        let answer = completion.completionTokens ?? 0
        self.promptTokens += prompt
        self.completionTokens += answer
        self.costMicros += provider.costMicros(promptTokens: prompt, completionTokens: answer)
    }

    /// The section with this usage on it.
    func charged(to section: WrittenSection) -> WrittenSection {
        var section = section
        section.attempts = self.attempts
        section.promptTokens = self.promptTokens
        section.completionTokens = self.completionTokens
        section.costMicros = self.costMicros
        return section
    }
}

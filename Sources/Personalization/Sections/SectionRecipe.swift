import ContentHashing

/// By which means a section is written. Text by another recipe is another text.
public struct SectionRecipe: Hashable, Sendable {
    /// The model that is meant to write, or the embedded rules: `gpt-4o-mini`, `embedded/rules-v2`.
    public var modelClass: String
    public var promptVersion: String
    public var glossaryVersion: String
    public var validatorVersion: String

    /// A recipe from its parts.
    public init(modelClass: String, promptVersion: String, glossaryVersion: String, validatorVersion: String) {
        self.modelClass = modelClass
        self.promptVersion = promptVersion
        self.glossaryVersion = glossaryVersion
        self.validatorVersion = validatorVersion
    }

    /// Short and the same on every machine; stands beside the texts that a lesson was put together from.
    public var fingerprint: String {
        let parts = [self.modelClass, self.promptVersion, self.glossaryVersion, self.validatorVersion]
        return String(SHA256Hex.of(parts.joined(separator: "\u{1F}")).prefix(32))
    }
}

/// The name of one generation: SHA-256 over everything that its text depends on.
public struct GenerationKey: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits.
    public let hex: String

    /// A key as it was stored.
    public init(hex: String) {
        self.hex = hex
    }

    /// The key of a section for a slice by a recipe.
    public init(_ section: SectionSource, for slice: SectionSlice, by recipe: SectionRecipe) {
        let fields: [String] = [
            SHA256Hex.of(section.markdown), section.lessonTitle, section.heading ?? "", section.previousHeading ?? "",
            section.nextHeading ?? "", section.introducedTerms.joined(separator: "\u{1E}"), slice.description,
            recipe.fingerprint,
        ]
        // Lengths before the fields: no two lists of fields give the same bytes.
        self.hex = SHA256Hex.of(fields.map { "\($0.utf8.count):\($0)" }.joined())
    }
}

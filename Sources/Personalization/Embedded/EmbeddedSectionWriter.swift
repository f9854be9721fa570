import Learners

/// Adapts a section by rule: the same section and slice give the same bytes, and nothing leaves the process.
///
/// It adds and never rewrites: code, headings, tables, links, numbers and warnings are copied from the source.
public struct EmbeddedSectionWriter: SectionWriter {
    /// The name on texts of this writer; the number grows with every change of its rules.
    public static let name = "embedded/rules-v2"

    /// The terms that are explained: the bundled ones, and a book's own before them.
    public let glossary: Glossary
    private let english: Phrases
    private let urdu: Phrases

    /// A writer with the bundled glossary, and a book's own terms before it.
    /// - Throws: ``PersonalizationError`` when a bundled file is missing or has another shape.
    public init(bookTerms: [GlossaryTerm] = []) throws(PersonalizationError) {
        self.glossary = try Glossary.bundled().adding(bookTerms)
        self.english = try Phrases.bundled(.en)
        self.urdu = try Phrases.bundled(.ur)
    }

    /// By which means this writer writes.
    public var recipe: SectionRecipe {
        SectionRecipe(
            modelClass: Self.name, promptVersion: "none", glossaryVersion: self.glossary.version,
            validatorVersion: Validators.version)
    }

    /// Writes one section at once; see ``write(_:for:)``.
    public func write(
        _ section: SectionSource, for slice: SectionSlice, payer _: String?
    ) async throws -> WrittenSection {
        try self.write(section, for: slice)
    }

    /// Writes one section for one slice. A section without prose, and one in which the slice asks for no change, comes
    /// back as it is, with one line end at its end.
    /// - Throws: ``PersonalizationError`` with `rejectedText` when not even the untouched text passes the checks, as
    ///   with bytes that are no UTF-8.
    public func write(
        _ section: SectionSource, for slice: SectionSlice
    ) throws(PersonalizationError) -> WrittenSection {
        let untouched = section.markdown[...].endingWithOneLine
        var failures: [CheckFailure] = []
        // Unusual Markdown can make an addition land inside a block; then the author's own text is the honest result.
        for bytes in self.candidates(section, slice) + [untouched] {
            let text = String(decoding: bytes, as: UTF8.self)
            failures = Validators.failures(
                of: text, for: section, slice: slice, context: .rules(glossary: self.glossary))
            if !failures.contains(where: \.isHard) {
                return WrittenSection(
                    text: text, generator: Self.name, softFailures: failures.map(\.check.rawValue))
            }
        }
        let checks = failures.map(\.check.rawValue).joined(separator: ", ")
        throw PersonalizationError(.rejectedText, "No text by rule passed the checks \(checks).")
    }

    private func candidates(_ section: SectionSource, _ slice: SectionSlice) -> [[UInt8]] {
        guard section.facts.hasProse, !slice.isNeutral else { return [] }
        let phrases =
            switch slice.language {
            case .en: self.english
            case .ur: self.urdu
            }
        return [SectionComposer(section, slice: slice, glossary: self.glossary, phrases: phrases).compose()]
    }
}

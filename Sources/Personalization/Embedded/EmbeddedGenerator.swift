public import Learners

/// Adapts a lesson by rule: the same lesson and profile give the same bytes, and nothing leaves the process.
///
/// It adds and never rewrites: code, headings, tables, links, numbers and warnings are copied from the source.
public struct EmbeddedGenerator: LessonGenerator {
    /// The name on texts of this generator; the number grows with every change of its rules.
    public static let name = "embedded/rules-v1"

    let glossary: Glossary
    private let english: Phrases
    private let urdu: Phrases

    /// A generator with the bundled glossary, and a book's own terms before it.
    /// - Throws: ``PersonalizationError`` when a bundled file is missing or has another shape.
    public init(bookTerms: [GlossaryTerm] = []) throws(PersonalizationError) {
        self.glossary = try Glossary.bundled().adding(bookTerms)
        self.english = try Phrases.bundled(.en)
        self.urdu = try Phrases.bundled(.ur)
    }

    /// Writes one lesson for one profile.
    /// - Throws: ``PersonalizationError`` with `rejectedText` when even a frame around the untouched text would break
    ///   a check, as on a text that is no Markdown at all.
    public func write(_ lesson: LessonSource, for profile: LearnerProfile) throws(PersonalizationError)
        -> GeneratedLesson
    {
        let phrases =
            switch profile.preferredLanguage {
            case .en: self.english
            case .ur: self.urdu
            }
        let composer = LessonComposer(lesson: lesson, profile: profile, glossary: self.glossary, phrases: phrases)
        var failures: [CheckFailure] = []
        // Unusual Markdown can make an insertion land inside a block; then the frame alone is the honest result.
        for depth in LessonComposer.Depth.allCases {
            let text = composer.compose(depth)
            failures = Validators.failures(of: text, for: lesson, context: CheckContext(lengthBounds: .embedded))
            if failures.isEmpty { return GeneratedLesson(text: text, generator: Self.name) }
        }
        let checks = failures.map(\.check.rawValue).joined(separator: ", ")
        throw PersonalizationError(.rejectedText, "No text by rule passed the checks \(checks).")
    }
}

import Learners
import MarkdownHTML

/// The renderers for both directions of writing.
struct LessonRenderers: Sendable {
    private let byLanguage: [PreferredLanguage: MarkdownRenderer]

    init(_ strings: InterfaceStrings) {
        self.byLanguage = Dictionary(
            uniqueKeysWithValues: PreferredLanguage.allCases.map { language in
                var options = MarkdownRenderer.Options()
                options.isRightToLeft = language.direction == "rtl"
                options.tableLabel = strings.text("lesson_table", language)
                return (language, MarkdownRenderer(options: options))
            })
    }

    /// The renderer for texts in a language; one that is not ours is taken to run from left to right.
    func renderer(for language: String) -> MarkdownRenderer {
        self.byLanguage[PreferredLanguage(rawValue: language) ?? .en] ?? MarkdownRenderer()
    }
}

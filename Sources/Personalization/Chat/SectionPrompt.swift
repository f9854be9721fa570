import LanguageModels
import Learners

/// What a chat model is asked for one section and one slice.
///
/// Of the reader only the slice's closed words enter; ids, goals and free text of a learner have no way in. The
/// author's material stands between boundary lines that its author could not know, each line marked.
struct SectionPrompt {
    let placeholders: SectionPlaceholders
    let boundary: String
    /// The first question: a system message and a user message.
    let messages: [ChatMessage]
    private let file: PromptFile

    /// - Parameter nonce: random bits for the boundary, passed in so that prompts can be repeated in tests.
    init(_ section: SectionSource, slice: SectionSlice, file: PromptFile, glossary: Glossary, nonce: UInt64) {
        let placeholders = SectionPlaceholders(section.markdown)
        let place = Self.place(of: section)
        let hints = placeholders.hints.isEmpty ? "none" : placeholders.hints.joined(separator: "\n")
        let boundary = Self.boundary(nonce, absentFrom: [placeholders.masked, place, hints])
        self.file = file
        self.placeholders = placeholders
        self.boundary = boundary
        self.messages = [
            ChatMessage(
                role: .system,
                content: file.text(
                    "system",
                    [
                        "reader": slice.description, "rules": Self.rules(slice, file), "boundary": boundary,
                        "glossary": Self.terms(of: section, slice, file, glossary),
                    ])),
            ChatMessage(
                role: .user,
                content: file.text(
                    "user",
                    [
                        "boundary": boundary, "place": SpotlightMarks.marked(place),
                        "placeholders": SpotlightMarks.marked(hints),
                        "section": SpotlightMarks.marked(placeholders.masked),
                    ])),
        ]
    }

    /// Sentences that no answer may repeat.
    var instructions: [String] { self.file.instructions }

    /// The conversation after an answer that broke rules.
    func messages(after answer: String, failures: [CheckFailure]) -> [ChatMessage] {
        let list = failures.map { "- \($0.message)" }.joined(separator: "\n")
        return self.messages + [
            ChatMessage(role: .assistant, content: answer),
            ChatMessage(role: .user, content: self.file.text("retry", ["failures": list])),
        ]
    }

    /// A line that stands nowhere in the material, neither by chance nor by malice.
    private static func boundary(_ nonce: UInt64, absentFrom texts: [String]) -> String {
        var boundary = "=====\(String(nonce, radix: 36, uppercase: true))====="
        while texts.contains(where: { $0.contains(boundary) }) { boundary += "=" }
        return boundary
    }

    private static func place(of section: SectionSource) -> String {
        var lines = ["lesson: \(section.lessonTitle)"]
        if let previous = section.previousHeading { lines.append("section before: \(previous)") }
        if let heading = section.heading { lines.append("this section: \(heading)") }
        if let next = section.nextHeading { lines.append("section after: \(next)") }
        return lines.joined(separator: "\n")
    }

    private static func rules(_ slice: SectionSlice, _ file: PromptFile) -> String {
        var names: [String] = []
        if let programming = slice.programming { names.append("programming.\(programming.rawValue)") }
        if let knows = slice.knowsRobotics { names.append("robotics.\(knows ? "yes" : "no")") }
        if let knows = slice.knowsAI { names.append("ai.\(knows ? "yes" : "no")") }
        names.append("language.\(slice.language.rawValue)")
        return names.map { "- \(file.text($0))" }.joined(separator: "\n")
    }

    /// More terms than these would crowd out the rules.
    private static let maximumTerms = 24

    private static func terms(
        of section: SectionSource, _ slice: SectionSlice, _ file: PromptFile, _ glossary: Glossary
    ) -> String {
        let reading = SectionReading(section.markdown, glossary: glossary)
        var seen: Set<Int> = []
        let terms = reading.passages.flatMap(\.terms).filter { seen.insert($0).inserted }.prefix(Self.maximumTerms)
        guard !terms.isEmpty else { return file.text("glossary.none") }
        let names = terms.map { PlainText.line(glossary.terms[$0].term, limit: 60) }.joined(separator: ", ")
        return file.text("glossary.\(slice.language.rawValue)", ["terms": names])
    }
}

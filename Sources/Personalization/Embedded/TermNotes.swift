import Learners

/// Explains terms at their first use, a few at a time.
struct TermNotes {
    private let glossary: Glossary
    private let slice: SectionSlice
    private let phrases: Phrases
    /// Terms that the lesson mentions in this section for the first time and that were not explained so far.
    private var unexplained: Set<String>
    private var pending: [Int] = []
    private var hasAnalogy = false

    /// Notes after one block; a term beyond them is explained where it comes next.
    private static let limit = 4

    init(glossary: Glossary, slice: SectionSlice, introduced: [String], phrases: Phrases) {
        self.unexplained = Set(introduced)
        self.glossary = glossary
        self.slice = slice
        self.phrases = phrases
    }

    /// A passage may hold one comparison.
    mutating func beginPassage() {
        self.hasAnalogy = false
    }

    /// Takes down the terms of a block that the learner has not met.
    mutating func read(_ visible: [UInt8]) {
        for mention in self.glossary.mentions(in: visible) where self.pending.count < Self.limit {
            let term = self.glossary.terms[mention.term]
            guard self.slice.explains(term.domain), self.unexplained.remove(term.term) != nil else { continue }
            self.pending.append(mention.term)
        }
    }

    /// Writes the notes taken down since the last time.
    mutating func flush(into draft: inout SectionDraft) {
        guard !self.pending.isEmpty else { return }
        let terms = self.pending.map { self.glossary.terms[$0] }
        let lines = terms.map { "> - **\($0.term)**: \(self.explanation(of: $0))" }
        let isAdded = draft.addIfAffordable("> \(self.phrases.text(.terms))\n>\n" + lines.joined(separator: "\n"))
        self.pending = []
        guard isAdded, !self.hasAnalogy, self.slice.language == .en,
            let analogy = terms.lazy.compactMap(\.analogy).first
        else { return }
        self.hasAnalogy = draft.addIfAffordable("> " + self.phrases.text(.analogy, ["analogy": analogy]))
    }

    private func explanation(of term: GlossaryTerm) -> String {
        switch self.slice.language {
        case .en: "\(term.explanation)."
        case .ur: "\(term.urdu)۔"
        }
    }
}

public import Learners
import Textbook

/// What stands before and after a lesson's text for one learner.
public struct FrameText: Codable, Hashable, Sendable {
    /// Paragraphs of Markdown that stand before the text; never empty.
    public var opening: String
    /// One paragraph that stands after it.
    public var closing: String

    /// A frame from its parts.
    public init(opening: String, closing: String) {
        self.opening = opening
        self.closing = closing
    }
}

/// Who wrote the sections of a lesson, as its label says.
public enum Authorship: String, Codable, Hashable, Sendable, CaseIterable {
    /// The author, with additions by rule.
    case rules
    /// A language model, after the author's text.
    case model
    /// A language model in some sections, rules in others.
    case mixed

    /// Who wrote a lesson, judged by the sections that could be written differently for the slice.
    /// - Parameter generators: ``WrittenSection/generator`` of the plan's sections, in their order.
    public init(generators: [String], of plan: LessonPlan, for slice: ProfileSlice) {
        let counted = zip(plan.sections, generators).filter { section, generator in
            // What no model would be asked for says nothing about who wrote the rest.
            !Self.isByRule(generator)
                || section.facts.hasProse && !SectionSlice(slice, for: section.facts).isNeutral
        }.map { Self.isByRule($0.1) }
        self = counted.allSatisfy(\.self) ? .rules : counted.contains(true) ? .mixed : .model
    }

    private static func isByRule(_ generator: String) -> Bool { generator.hasPrefix("embedded/") }
}

/// What frames of lessons are composed from: the glossary and the sentences of both languages.
public struct LessonFraming: Sendable {
    /// The terms that key points and goals speak of.
    public let glossary: Glossary
    private let english: Phrases
    private let urdu: Phrases

    /// The bundled sentences with a glossary.
    /// - Throws: ``PersonalizationError`` when a bundled file is missing or has another shape.
    public init(glossary: Glossary) throws(PersonalizationError) {
        self.glossary = glossary
        self.english = try Phrases.bundled(.en)
        self.urdu = try Phrases.bundled(.ur)
    }

    func phrases(_ language: PreferredLanguage) -> Phrases {
        switch language {
        case .en: self.english
        case .ur: self.urdu
        }
    }
}

/// What stands before and after the text for a whole profile, composed by rule: no model ever sees a profile.
public struct LessonFrame: Sendable {
    let title: String
    let profile: LearnerProfile
    let slice: ProfileSlice
    let authorship: Authorship
    let glossary: Glossary
    let phrases: Phrases
    let readings: [(section: SectionSource, reading: SectionReading)]

    /// A frame for one lesson and one learner.
    /// - Parameters:
    ///   - framing: over the glossary that the plan was made with.
    ///   - authorship: who wrote the sections, since the label says so.
    public init(plan: LessonPlan, profile: LearnerProfile, framing: LessonFraming, authorship: Authorship) {
        self.title = plan.title
        self.profile = profile
        self.slice = ProfileSlice(profile)
        self.authorship = authorship
        self.glossary = framing.glossary
        self.phrases = framing.phrases(profile.preferredLanguage)
        self.readings = Array(zip(plan.sections, plan.readings))
    }

    /// The label, key points for the experienced, a sentence for the education, a paragraph for each goal; and the
    /// closing sentence.
    public var text: FrameText {
        var paragraphs = [self.label]
        // A list never stands last: the text after it could be taken for a part of its last item.
        if self.slice.isExperienced, let points = self.keyPoints { paragraphs.append(points) }
        paragraphs.append(self.phrases.text(self.educationKey))
        paragraphs += self.profile.orderedGoals.map(self.goalParagraph)
        return FrameText(
            opening: paragraphs.joined(separator: "\n\n"),
            closing: self.phrases.text(self.closingKey, ["title": self.title]))
    }

    /// A lesson put together from its sections and its frame.
    ///
    /// The opening stands below the heading that the first section begins with, or before everything; the closing
    /// stands at the end, unless the last section leaves a block open, in which it would be lost.
    /// - Parameter sections: the sections' texts in the plan's order.
    public static func assemble(sections: [String], frame: FrameText) -> String {
        var text: [UInt8] = []
        for (index, section) in sections.enumerated() {
            let bytes = Array(section.utf8)
            let head = index == 0 ? self.head(of: bytes) : 0
            self.append(bytes[..<head], to: &text)
            if index == 0 { self.append(Array(frame.opening.utf8)[...], to: &text) }
            self.append(bytes[head...], to: &text)
        }
        if sections.isEmpty { self.append(Array(frame.opening.utf8)[...], to: &text) }
        // Open blocks reach to the end of the text, so the last section alone tells.
        if sections.last.map({ BlockScanner.scan($0).endClosed }) ?? true {
            self.append(Array(frame.closing.utf8)[...], to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The length of what must stay at the very beginning: a heading, or front matter within the body.
    private static func head(of bytes: [UInt8]) -> Int {
        guard let first = BlockScanner.scan(bytes).first(where: { $0.kind != .blank }) else { return 0 }
        return first.heading != nil || first.kind == .frontMatter ? first.range.upperBound : 0
    }

    /// Adds a piece with a blank line before it and one line end after it. Its indentation stays.
    private static func append(_ piece: ArraySlice<UInt8>, to text: inout [UInt8]) {
        let piece = piece.drop(while: \.isLineEnd)
        guard !piece.isEmpty else { return }
        if !text.isEmpty { text.append(0x0A) }
        text += piece.endingWithOneLine
    }
}

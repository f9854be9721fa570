import Learners

extension Validators {
    /// The least share of Urdu among the letters of a translation; pages of prose measure 0.62 to 0.85.
    private static let urduShare = 0.55
    /// Texts with fewer letters, names for the most part, prove nothing.
    private static let leastLetters = 200

    static func script(_ output: LessonFacts, _ glossary: Glossary) -> CheckFailure? {
        let prose = ProseSample(output.bytes)
        guard !prose.isListOnly else { return nil }
        let letters = prose.letters(without: glossary)
        guard letters.all >= Self.leastLetters else { return nil }
        guard Double(letters.urdu) < Double(letters.all) * Self.urduShare else { return nil }
        return CheckFailure(
            .script, "The text is not in Urdu for the most part: write the prose in Urdu, in Arabic script.")
    }

    static func terms(_ source: LessonFacts, _ output: LessonFacts, _ glossary: Glossary) -> CheckFailure? {
        let prose = ProseSample(output.bytes)
        let missing = ProseSample(source.bytes).terms(glossary).subtracting(prose.terms(glossary)).sorted()
        let words = " " + prose.words.joined(separator: " ") + " "
        for index in missing {
            let term = glossary.terms[index]
            if let name = term.urduNames?.first(where: { words.contains(" \($0) ") }) {
                return CheckFailure(.terms, "Write “\(term.term)” in Latin script, not “\(name)”.")
            }
        }
        return nil
    }

    /// How much harder to read a text for newcomers may be than its source, in school years.
    private static let gradeRise = 1.5

    static func grade(_ source: LessonFacts, _ output: LessonFacts, _ slice: SectionSlice) -> CheckFailure? {
        guard slice.language == .en, ProfileSlice.Domain.allCases.contains(where: slice.explains),
            source.trimmed != output.trimmed
        else { return nil }
        // The grade of a few sentences says little.
        guard let before = ProseSample(source.bytes).reliableGrade,
            let after = ProseSample(output.bytes).reliableGrade, after > before + Self.gradeRise
        else { return nil }
        return CheckFailure(
            .grade, "The text is harder to read than the section: use shorter sentences and plainer words.")
    }

    static func ending(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        let tail = Self.tail(output)
        let original = Self.tail(source)
        guard let phrase = Self.endings.first(where: { tail.contains($0) && !original.contains($0) }) else {
            return nil
        }
        return CheckFailure(.ending, "End with the section; leave out closing talk such as “\(phrase)…”.")
    }

    /// The last paragraph in lower case.
    private static func tail(_ facts: LessonFacts) -> String {
        let text = String(decoding: facts.trimmed.suffix(600), as: UTF8.self).lowercased()
        return text.split(separator: "\n").last.map(String.init) ?? ""
    }

    private static let endings = [
        "let me know", "feel free to ask", "hope this helps", "i hope ", "happy to help", "would you like me to",
        "do you want me to", "shall i ", "if you have any question", "if you have any further", "any other questions",
        "if you need anything", "if you need further", "i can also ", "مجھے بتائیں", "مجھے بتائیے", "امید ہے کہ یہ",
        "مزید مدد", "اگر آپ کے کوئی سوال", "اگر آپ کا کوئی سوال", "کوئی اور سوال",
    ]
}

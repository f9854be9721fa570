import Learners

/// The sentences in which the rules speak, in one language.
struct Phrases: Sendable {
    /// The names of the sentences; each must stand in every language's file.
    enum Key: String, CaseIterable {
        case listSeparator = "list_separator"
        case listLastSeparator = "list_last_separator"
        case labelRules = "label_rules"
        case labelModel = "label_model"
        case labelMixed = "label_mixed"
        case labelKept = "label_kept"
        case labelDivided = "label_divided"
        case labelExplains = "label_explains"
        case labelSkims = "label_skims"
        case labelWalks = "label_walks"
        case labelEven = "label_even"
        case domainRobotics = "domain_robotics"
        case domainAI = "domain_ai"
        case domainProgramming = "domain_programming"
        case educationHighSchool = "education_high_school"
        case educationUndergraduate = "education_undergraduate"
        case educationGraduate = "education_graduate"
        case educationProfessional = "education_professional"
        case closingHighSchool = "closing_high_school"
        case closingUndergraduate = "closing_undergraduate"
        case closingGraduate = "closing_graduate"
        case closingProfessional = "closing_professional"
        case goalCareerChange = "goal_career_change"
        case goalResearch = "goal_research"
        case goalHobby = "goal_hobby"
        case goalTeaching = "goal_teaching"
        case goalBuildingProjects = "goal_building_projects"
        case goalAbout = "goal_about"
        case keyPoints = "key_points"
        case skim
        case skimPlain = "skim_plain"
        case terms
        case analogy
        case code
        case codeProgram = "code_program"
        case codeOutput = "code_output"
        case codeShell = "code_shell"
        case codeData = "code_data"
        case codeImports = "code_imports"
        case codeDefines = "code_defines"
        case codeValues = "code_values"
        case codeRepeats = "code_repeats"
        case codeDecides = "code_decides"
        case codeReturns = "code_returns"
        case codeComments = "code_comments"
        case codeComment = "code_comment"
        case codeBrief = "code_brief"
        case lineOne = "line_one"
        case lineMany = "line_many"
        case headingTerms = "heading_terms"
        case headingPlain = "heading_plain"
    }

    private let sentences: [String: String]
    /// What common headings mean in this language, by the heading in lower case.
    let headings: [String: String]

    /// The sentences of a language.
    /// - Throws: ``PersonalizationError`` when a file is missing or lacks a sentence.
    static func bundled(_ language: PreferredLanguage) throws(PersonalizationError) -> Phrases {
        let file: BundledFile =
            switch language {
            case .en: .englishPhrases
            case .ur: .urduPhrases
            }
        let sentences = try file.decode([String: String].self)
        let missing = Key.allCases.filter { sentences[$0.rawValue] == nil }
        guard missing.isEmpty else {
            let names = missing.map(\.rawValue).joined(separator: ", ")
            throw PersonalizationError(.resourceUnreadable, "The bundled file \(file.rawValue) lacks: \(names).")
        }
        let headings: [String: String] =
            switch language {
            case .en: [:]
            case .ur: try BundledFile.urduHeadings.decode([String: String].self)
            }
        return Phrases(sentences: sentences, headings: headings)
    }

    /// A sentence with its `{names}` filled in.
    func text(_ key: Key, _ values: [String: String] = [:]) -> String {
        SentenceTemplate(self.sentences[key.rawValue] ?? "").filled { values[$0] }
    }

    /// "a, b and c".
    func list(_ items: [String]) -> String {
        guard let last = items.last else { return "" }
        guard items.count > 1 else { return last }
        return items.dropLast().joined(separator: self.text(.listSeparator)) + self.text(.listLastSeparator) + last
    }
}

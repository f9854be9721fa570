import Learners

/// The six questions as the templates show them.
struct Questions {
    struct Question {
        let name: String
        let legend: String
        let hint: String?
        /// Ids of what describes the question: the hint and the error.
        let described: String?
        /// `radio`, or `checkbox` where several answers are possible.
        let type: String
        let isSingle: Bool
        let choices: [Choice]
        let isWrong: Bool
        let error: String?
    }

    struct Choice {
        let id: String
        let value: String
        let label: String
        let isChosen: Bool
        /// The choice's own language where it is named in it.
        let lang: String?
    }

    let questions: [Question]
    /// The questions without an acceptable answer.
    let wrong: [Question]
    let isWrong: Bool

    /// - Parameter errors: of the last attempt; the first one of a field is shown.
    init(_ answers: Answers, errors: [FieldError] = [], _ request: PageRequest, _ site: Site) {
        let questions = ProfileField.allCases.map { field in
            Self.question(field, answers, error: errors.first { $0.field == field.rawValue }, request, site)
        }
        self.questions = questions
        self.wrong = questions.filter(\.isWrong)
        self.isWrong = !self.wrong.isEmpty
    }

    private static func question(
        _ field: ProfileField, _ answers: Answers, error: FieldError?, _ request: PageRequest, _ site: Site
    ) -> Question {
        let name = field.rawValue
        let key = "question_\(name)"
        let hint = site.text("\(key)_hint", request)
        let described = [hint.isEmpty ? nil : "\(name)-hint", error == nil ? nil : "\(name)-error"].compactMap { $0 }
        return Question(
            name: name, legend: site.text(key, request), hint: hint.isEmpty ? nil : hint,
            described: described.isEmpty ? nil : described.joined(separator: " "),
            type: field == .learningGoals ? "checkbox" : "radio", isSingle: field != .learningGoals,
            choices: field.choices.map { choice in
                let language = field == .preferredLanguage ? PreferredLanguage(rawValue: choice) : nil
                return Choice(
                    id: "\(name)-\(choice)", value: choice,
                    label: language?.ownName ?? site.text("\(key)_\(choice)", request),
                    isChosen: answers.has(choice, for: field), lang: language?.rawValue)
            },
            isWrong: error != nil, error: error.map { site.text("question_error_\($0.code.word)", request) })
    }
}

extension ProfileField {
    /// The answers that a question offers, in the contract's words.
    fileprivate var choices: [String] {
        switch self {
        case .educationLevel: EducationLevel.allCases.map(\.rawValue)
        case .programmingExperience: ProgrammingExperience.allCases.map(\.rawValue)
        case .roboticsBackground: ["true", "false"]
        case .aiMLExperience: AIMLExperience.allCases.map(\.rawValue)
        case .learningGoals: LearningGoal.allCases.map(\.rawValue)
        case .preferredLanguage: PreferredLanguage.allCases.map(\.rawValue)
        }
    }
}

extension FieldError.Code {
    /// Which sentence says it: what people can do about it, and that is choosing.
    fileprivate var word: String {
        switch self {
        case .missing: "missing"
        case .empty: "empty"
        case .wrongType, .unknownValue, .unknownField, .malformed: "unknown"
        }
    }
}

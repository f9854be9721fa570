import Learners

/// What stands in the form of the six questions: as it was sent, as it is stored, or as it is first shown.
struct Answers: Sendable, Equatable {
    private var values: [ProfileField: [String]]

    /// Nothing is chosen but the language, the one answer that has a default.
    init(language: PreferredLanguage) {
        self.values = [.preferredLanguage: [language.rawValue]]
    }

    init(_ form: Form) {
        self.values = Dictionary(uniqueKeysWithValues: ProfileField.allCases.map { ($0, form.all($0.rawValue)) })
    }

    init(_ profile: LearnerProfile) {
        self.values = [
            .educationLevel: [profile.educationLevel.rawValue],
            .programmingExperience: [profile.programmingExperience.rawValue],
            .roboticsBackground: [String(profile.roboticsBackground)],
            .aiMLExperience: [profile.aiMLExperience.rawValue],
            .learningGoals: profile.orderedGoals.map(\.rawValue),
            .preferredLanguage: [profile.preferredLanguage.rawValue],
        ]
    }

    func has(_ choice: String, for field: ProfileField) -> Bool {
        self.values[field]?.contains(choice) ?? false
    }

    /// The profile that the answers make.
    /// - Throws: `LearnerError` that lists every bad field.
    func profile() throws(LearnerError) -> LearnerProfile {
        var members: [String: ProfileValue] = [:]
        for (field, values) in self.values { members[field.rawValue] = Self.member(field, values) }
        return try LearnerProfile(members)
    }

    /// What the contract's JSON would hold; `nil` for a question without an answer.
    private static func member(_ field: ProfileField, _ values: [String]) -> ProfileValue? {
        if field == .learningGoals { return .array(values.map(ProfileValue.string)) }
        guard let value = values.first else { return nil }
        // Two answers to a question that takes one are none of its answers.
        guard values.count == 1 else { return .array(values.map(ProfileValue.string)) }
        if field == .roboticsBackground, let isYes = Bool(value) { return .bool(isYes) }
        return .string(value)
    }
}

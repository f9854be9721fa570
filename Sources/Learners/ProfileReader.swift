/// Reads the six fields out of a JSON object and collects everything that is wrong with them.
struct ProfileReader {
    static let userIDField = "user_id"

    let members: [String: ProfileValue]
    private(set) var errors: [FieldError] = []

    init(members: [String: ProfileValue]) {
        self.members = members
    }

    mutating func readProfile(otherFields: Set<String>) -> LearnerProfile? {
        for field in ProfileField.allCases where field != .preferredLanguage && self.members[field.rawValue] == nil {
            self.errors.append(FieldError(field: field.rawValue, code: .missing, message: "This field is required."))
        }
        let change = self.readChange(otherFields: otherFields)
        guard let education = change.educationLevel, let programming = change.programmingExperience,
            let robotics = change.roboticsBackground, let ai = change.aiMLExperience, let goals = change.learningGoals
        else { return nil }
        return LearnerProfile(
            educationLevel: education, programmingExperience: programming, roboticsBackground: robotics,
            aiMLExperience: ai, learningGoals: goals, preferredLanguage: change.preferredLanguage ?? .en)
    }

    mutating func readChange(otherFields: Set<String>) -> ProfileChange {
        var change = ProfileChange()
        change.educationLevel = self.word(.educationLevel)
        change.programmingExperience = self.word(.programmingExperience)
        change.roboticsBackground = self.boolean(.roboticsBackground)
        change.aiMLExperience = self.word(.aiMLExperience)
        change.learningGoals = self.goals()
        change.preferredLanguage = self.word(.preferredLanguage)
        for name in self.members.keys.sorted() where ProfileField(rawValue: name) == nil && !otherFields.contains(name)
        {
            self.errors.append(
                FieldError(field: name, code: .unknownField, message: "This field is not part of a profile."))
        }
        return change
    }

    mutating func readUserID() -> LearnerID? {
        switch self.members[Self.userIDField] {
        case .none:
            self.errors.append(FieldError(field: Self.userIDField, code: .missing, message: "This field is required."))
        case .some(.string(let text)):
            if let id = LearnerID(text) { return id }
            self.errors.append(
                FieldError(field: Self.userIDField, code: .malformed, message: "Expected a UUID of version 4."))
        case .some(let other):
            self.wrongType(Self.userIDField, expected: "a string", other)
        }
        return nil
    }

    func throwIfInvalid() throws(LearnerError) {
        guard self.errors.isEmpty else {
            let names = self.errors.map(\.field).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
            throw LearnerError(.invalidFields, "These fields cannot be accepted: \(shown).", fields: self.errors)
        }
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(_ field: ProfileField) -> Word?
    where Word.RawValue == String {
        guard let value = self.members[field.rawValue] else { return nil }
        return self.word(value, field: field, index: nil)
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(
        _ value: ProfileValue, field: ProfileField, index: Int?
    ) -> Word? where Word.RawValue == String {
        guard case .string(let text) = value else {
            self.wrongType(field.rawValue, at: index, expected: "a string", value)
            return nil
        }
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
        self.errors.append(
            FieldError(field: field.rawValue, at: index, code: .unknownValue, message: "Expected one of: \(known)."))
        return nil
    }

    private mutating func boolean(_ field: ProfileField) -> Bool? {
        switch self.members[field.rawValue] {
        case .none: return nil
        case .some(.bool(let value)): return value
        case .some(let other):
            self.wrongType(field.rawValue, expected: "a boolean", other)
            return nil
        }
    }

    private mutating func goals() -> Set<LearningGoal>? {
        let field = ProfileField.learningGoals
        switch self.members[field.rawValue] {
        case .none: return nil
        case .some(.array(let elements)):
            guard !elements.isEmpty else {
                self.errors.append(
                    FieldError(field: field.rawValue, code: .empty, message: "At least one goal is required."))
                return nil
            }
            var goals: Set<LearningGoal> = []
            var isValid = true
            for (index, element) in elements.enumerated() {
                if let goal: LearningGoal = self.word(element, field: field, index: index) {
                    goals.insert(goal)
                } else {
                    isValid = false
                }
            }
            return isValid ? goals : nil
        case .some(let other):
            self.wrongType(field.rawValue, expected: "an array of strings", other)
            return nil
        }
    }

    private mutating func wrongType(
        _ field: String, at index: Int? = nil, expected: String, _ value: ProfileValue
    ) {
        self.errors.append(
            FieldError(
                field: field, at: index, code: .wrongType, message: "Expected \(expected), found \(value.typeName)."))
    }
}

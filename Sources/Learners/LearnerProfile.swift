/// What a learner answered to the six onboarding questions.
public struct LearnerProfile: Hashable, Sendable {
    /// The highest level of schooling, or working life.
    public var educationLevel: EducationLevel
    /// How much the learner has programmed.
    public var programmingExperience: ProgrammingExperience
    /// Whether the learner has worked with robots.
    public var roboticsBackground: Bool
    /// How much the learner knows of AI and machine learning.
    public var aiMLExperience: AIMLExperience
    /// Why the learner learns; never empty once validated.
    public var learningGoals: Set<LearningGoal>
    /// The language the learner reads best.
    public var preferredLanguage: PreferredLanguage

    /// A profile of known answers.
    public init(
        educationLevel: EducationLevel,
        programmingExperience: ProgrammingExperience,
        roboticsBackground: Bool,
        aiMLExperience: AIMLExperience,
        learningGoals: Set<LearningGoal>,
        preferredLanguage: PreferredLanguage = .en
    ) {
        self.educationLevel = educationLevel
        self.programmingExperience = programmingExperience
        self.roboticsBackground = roboticsBackground
        self.aiMLExperience = aiMLExperience
        self.learningGoals = learningGoals
        self.preferredLanguage = preferredLanguage
    }

    /// The goals in the order of their declaration, the same on every machine.
    public var orderedGoals: [LearningGoal] {
        LearningGoal.allCases.filter(self.learningGoals.contains)
    }
}

/// Answers to "What is your education level?".
public enum EducationLevel: String, Codable, CaseIterable, Hashable, Sendable {
    case highSchool = "high_school"
    case undergraduate
    case graduate
    case professional
}

/// Answers to "How much have you programmed?".
public enum ProgrammingExperience: String, Codable, CaseIterable, Hashable, Sendable {
    case none, beginner, intermediate, advanced
}

/// Answers to "How much do you know of AI and machine learning?".
public enum AIMLExperience: String, Codable, CaseIterable, Hashable, Sendable {
    case none, basic, intermediate, advanced
}

/// One answer to "Why do you learn this?".
public enum LearningGoal: String, Codable, CaseIterable, Hashable, Sendable {
    case careerChange = "career_change"
    case research
    case hobby
    case teaching
    case buildingProjects = "building_projects"
}

/// The languages a lesson can be framed in.
public enum PreferredLanguage: String, Codable, CaseIterable, Hashable, Sendable {
    case en, ur
}

/// The names of the six fields, as callers write them.
public enum ProfileField: String, CaseIterable, Hashable, Sendable, CodingKey {
    case educationLevel = "education_level"
    case programmingExperience = "programming_experience"
    case roboticsBackground = "robotics_background"
    case aiMLExperience = "ai_ml_experience"
    case learningGoals = "learning_goals"
    case preferredLanguage = "preferred_language"
}

extension LearnerProfile: Codable {
    /// Reads a profile that was validated before; for input from outside use ``ProfileChange/init(bytes:otherFields:)``.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ProfileField.self)
        self.init(
            educationLevel: try container.decode(EducationLevel.self, forKey: .educationLevel),
            programmingExperience: try container.decode(ProgrammingExperience.self, forKey: .programmingExperience),
            roboticsBackground: try container.decode(Bool.self, forKey: .roboticsBackground),
            aiMLExperience: try container.decode(AIMLExperience.self, forKey: .aiMLExperience),
            learningGoals: Set(try container.decode([LearningGoal].self, forKey: .learningGoals)),
            preferredLanguage: try container.decodeIfPresent(PreferredLanguage.self, forKey: .preferredLanguage) ?? .en)
    }

    /// Writes the six fields; goals in the order of their declaration.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ProfileField.self)
        try container.encode(self.educationLevel, forKey: .educationLevel)
        try container.encode(self.programmingExperience, forKey: .programmingExperience)
        try container.encode(self.roboticsBackground, forKey: .roboticsBackground)
        try container.encode(self.aiMLExperience, forKey: .aiMLExperience)
        try container.encode(self.orderedGoals, forKey: .learningGoals)
        try container.encode(self.preferredLanguage, forKey: .preferredLanguage)
    }
}

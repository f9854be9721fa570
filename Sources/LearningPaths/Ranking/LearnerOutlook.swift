public import Learners

/// What of a learner's answers the recommendations depend on. Equal outlooks are given the same order.
public struct LearnerOutlook: Hashable, Sendable {
    /// 0 for a beginner to 4, on the scale of the tiers A2 to C2.
    public let level: Int
    /// In the order of their declaration.
    public let goals: [LearningGoal]
    /// Programs well and knows robots: may skim lessons below the learner's level.
    public let maySkim: Bool

    /// The outlook of a learner with these answers.
    public init(_ profile: LearnerProfile) {
        let programming =
            switch profile.programmingExperience {
            case .none: 0
            case .beginner: 1
            case .intermediate: 2
            case .advanced: 3
            }
        let ai =
            switch profile.aiMLExperience {
            case .none: 0
            case .basic: 1
            case .intermediate: 2
            case .advanced: 3
            }
        let education =
            switch profile.educationLevel {
            case .highSchool: 0
            case .undergraduate: 1
            case .graduate, .professional: 2
            }
        let points = programming + ai + education + (profile.roboticsBackground ? 2 : 0)
        // Ten points at most, rounded to quarters.
        self.level = (points * 2 + 2) / 5
        self.goals = profile.orderedGoals
        self.maySkim = programming >= 2 && profile.roboticsBackground
    }

    /// The outlook with the same order, of a learner who skims nothing.
    var withoutSkimming: LearnerOutlook { LearnerOutlook(level: self.level, goals: self.goals, maySkim: false) }

    private init(level: Int, goals: [LearningGoal], maySkim: Bool) {
        self.level = level
        self.goals = goals
        self.maySkim = maySkim
    }
}

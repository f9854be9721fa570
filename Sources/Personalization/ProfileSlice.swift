public import Learners

/// The part of a profile that changes how a lesson's text is treated: 24 values in all.
///
/// Education level and goals are left out, since they only choose paragraphs that frame the text.
public struct ProfileSlice: Hashable, Sendable, CaseIterable {
    /// How code is treated.
    public enum ProgrammingBand: String, Hashable, Sendable, CaseIterable {
        /// Has programmed little or not at all: code is read aloud.
        case novice
        /// Reads code: a line of orientation is enough.
        case intermediate
        /// Reads code faster than prose.
        case advanced
    }

    /// A field of knowledge that terms belong to.
    public enum Domain: String, Hashable, Sendable, CaseIterable, Codable {
        case robotics, ai, programming
    }

    public var programming: ProgrammingBand
    public var knowsRobotics: Bool
    public var knowsAI: Bool
    public var language: PreferredLanguage

    /// A slice from its parts.
    public init(programming: ProgrammingBand, knowsRobotics: Bool, knowsAI: Bool, language: PreferredLanguage) {
        self.programming = programming
        self.knowsRobotics = knowsRobotics
        self.knowsAI = knowsAI
        self.language = language
    }

    /// The slice that a learner's answers fall into.
    public init(_ profile: LearnerProfile) {
        self.programming =
            switch profile.programmingExperience {
            case .none, .beginner: .novice
            case .intermediate: .intermediate
            case .advanced: .advanced
            }
        self.knowsRobotics = profile.roboticsBackground
        self.knowsAI =
            switch profile.aiMLExperience {
            case .none, .basic: false
            case .intermediate, .advanced: true
            }
        self.language = profile.preferredLanguage
    }

    /// Every slice there is, in a fixed order.
    public static let allCases: [ProfileSlice] = ProgrammingBand.allCases.flatMap { programming in
        [false, true].flatMap { robotics in
            [false, true].flatMap { ai in
                PreferredLanguage.allCases.map {
                    ProfileSlice(programming: programming, knowsRobotics: robotics, knowsAI: ai, language: $0)
                }
            }
        }
    }

    /// Whether the domain's terms are explained at their first use.
    public func explains(_ domain: Domain) -> Bool {
        switch domain {
        case .robotics: !self.knowsRobotics
        case .ai: !self.knowsAI
        case .programming: self.programming == .novice
        }
    }

    /// Whether sections that only go over this domain may be skimmed.
    public func skims(_ domain: Domain) -> Bool {
        switch domain {
        case .robotics: self.knowsRobotics
        case .ai: self.knowsAI
        case .programming: self.programming == .advanced
        }
    }

    /// New to all three domains.
    var isNewcomer: Bool { Domain.allCases.allSatisfy(self.explains) }

    /// At home in at least two of the three domains.
    var isExperienced: Bool { Domain.allCases.count(where: self.skims) >= 2 }
}

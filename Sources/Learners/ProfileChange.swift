/// New answers to some of the six questions; what is `nil` stays as it was.
public struct ProfileChange: Hashable, Sendable {
    public var educationLevel: EducationLevel?
    public var programmingExperience: ProgrammingExperience?
    public var roboticsBackground: Bool?
    public var aiMLExperience: AIMLExperience?
    public var learningGoals: Set<LearningGoal>?
    public var preferredLanguage: PreferredLanguage?

    /// A change of nothing.
    public init() {}

    /// Reads a change from a JSON object's bytes.
    /// - Parameter otherFields: members that belong to the caller and are skipped here.
    /// - Throws: ``LearnerError`` that lists every bad field.
    public init(bytes: [UInt8], otherFields: Set<String> = []) throws(LearnerError) {
        try self.init(ProfileValue.object(from: bytes), otherFields: otherFields)
    }

    /// Reads a change from a decoded JSON object.
    /// - Throws: ``LearnerError`` that lists every bad field.
    public init(_ members: [String: ProfileValue], otherFields: Set<String> = []) throws(LearnerError) {
        var reader = ProfileReader(members: members)
        self = reader.readChange(otherFields: otherFields)
        try reader.throwIfInvalid()
    }

    /// The profile with this change made to it.
    public func applied(to profile: LearnerProfile) -> LearnerProfile {
        LearnerProfile(
            educationLevel: self.educationLevel ?? profile.educationLevel,
            programmingExperience: self.programmingExperience ?? profile.programmingExperience,
            roboticsBackground: self.roboticsBackground ?? profile.roboticsBackground,
            aiMLExperience: self.aiMLExperience ?? profile.aiMLExperience,
            learningGoals: self.learningGoals ?? profile.learningGoals,
            preferredLanguage: self.preferredLanguage ?? profile.preferredLanguage)
    }
}

extension LearnerProfile {
    /// Reads a whole profile from a JSON object's bytes; only `preferred_language` may be left out.
    /// - Throws: ``LearnerError`` that lists every bad field.
    public init(bytes: [UInt8], otherFields: Set<String> = []) throws(LearnerError) {
        try self.init(ProfileValue.object(from: bytes), otherFields: otherFields)
    }

    /// Reads a whole profile from a decoded JSON object; only `preferred_language` may be left out.
    /// - Throws: ``LearnerError`` that lists every bad field.
    public init(_ members: [String: ProfileValue], otherFields: Set<String> = []) throws(LearnerError) {
        var reader = ProfileReader(members: members)
        let profile = reader.readProfile(otherFields: otherFields)
        try reader.throwIfInvalid()
        guard let profile else { throw LearnerError(.invalidFields, "Some fields cannot be accepted.") }
        self = profile
    }
}

/// The body of an onboarding request: whose answers, and the answers.
public struct OnboardingForm: Hashable, Sendable {
    /// Whose answers these are.
    public let userID: LearnerID
    /// The answers.
    public let profile: LearnerProfile

    /// Reads a form from a JSON object's bytes; a bad `user_id` is listed with the other bad fields.
    /// - Throws: ``LearnerError`` that lists every bad field.
    public init(bytes: [UInt8]) throws(LearnerError) {
        var reader = ProfileReader(members: try ProfileValue.object(from: bytes))
        let userID = reader.readUserID()
        let profile = reader.readProfile(otherFields: [ProfileReader.userIDField])
        try reader.throwIfInvalid()
        guard let userID, let profile else { throw LearnerError(.invalidFields, "Some fields cannot be accepted.") }
        self.userID = userID
        self.profile = profile
    }
}

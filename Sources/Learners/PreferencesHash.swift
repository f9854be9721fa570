import ContentHashing

extension LearnerProfile {
    /// The profile as JSON that is the same for equal profiles: sorted keys, sorted goals, no white space.
    package var canonicalJSON: String {
        // Every value comes from a closed enum of ASCII words, so nothing needs escaping.
        let goals = self.learningGoals.map { "\"\($0.rawValue)\"" }.sorted().joined(separator: ",")
        let members: [(ProfileField, String)] = [
            (.educationLevel, "\"\(self.educationLevel.rawValue)\""),
            (.programmingExperience, "\"\(self.programmingExperience.rawValue)\""),
            (.roboticsBackground, self.roboticsBackground ? "true" : "false"),
            (.aiMLExperience, "\"\(self.aiMLExperience.rawValue)\""),
            (.learningGoals, "[\(goals)]"),
            (.preferredLanguage, "\"\(self.preferredLanguage.rawValue)\""),
        ]
        let sorted = members.map { "\"\($0.rawValue)\":\($1)" }.sorted()
        return "{\(sorted.joined(separator: ","))}"
    }

    /// XXH3-128 over the canonical JSON, 32 hexadecimal digits: part of the cache key of a personalized lesson.
    public var preferencesHash: String {
        ContentHash(of: self.canonicalJSON).hex
    }
}

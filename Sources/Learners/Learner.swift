public import FoundationEssentials

/// A learner's account: an id and how far onboarding came.
public struct Learner: Hashable, Sendable, Codable {
    public let id: LearnerID
    public let createdAt: Date
    public let updatedAt: Date
    /// Whether the six questions were answered.
    public let onboardingCompleted: Bool

    enum CodingKeys: String, CodingKey {
        case id
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case onboardingCompleted = "onboarding_completed"
    }
}

/// A learner's stored answers.
public struct Preferences: Hashable, Sendable {
    /// The id of this set of answers.
    public let id: UUID
    /// Whose answers they are.
    public let userID: LearnerID
    /// The answers.
    public let profile: LearnerProfile
    /// ``LearnerProfile/preferencesHash`` of the answers, as stored.
    public let preferencesHash: String
    /// Counts the changes, so that an entity tag never comes back.
    public let revision: Int64
    public let createdAt: Date
    public let updatedAt: Date

    /// The strong entity tag with its quotes (RFC 9110, section 8.8.3).
    public var entityTag: String { "\"\(self.preferencesHash)-\(self.revision)\"" }
}

extension Preferences: Encodable {
    enum CodingKeys: String, CodingKey {
        case id
        case userID = "user_id"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    /// Writes the six fields, flat, beside `id`, `user_id`, `created_at` and `updated_at`.
    public func encode(to encoder: any Encoder) throws {
        try self.profile.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.id.uuidString.lowercased(), forKey: .id)
        try container.encode(self.userID, forKey: .userID)
        try container.encode(self.createdAt, forKey: .createdAt)
        try container.encode(self.updatedAt, forKey: .updatedAt)
    }
}

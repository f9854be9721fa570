import FoundationEssentials
public import Learners
import LearningPaths
import Personalization

/// Gives a learner everything that is kept, and removes it. Knows nothing of requests: the pages use it too.
public struct OwnDataDesk: Sendable {
    private let learners: LearnerStore
    private let progress: ProgressStore
    private let personalization: PersonalizationService

    /// A desk over the API's stores.
    public init(_ dependencies: LearnerAPI.Dependencies) {
        self.learners = dependencies.learners
        self.progress = dependencies.progress
        self.personalization = dependencies.personalization
    }

    /// Everything that is kept of the learner, as JSON; `nil` for an unknown one.
    /// - Parameter identity: who asks. That is not kept, and stands in the answer beside the fingerprint that is.
    public func export(of id: LearnerID, for identity: LearnerIdentity?) async throws -> [UInt8]? {
        try await self.data(of: id, for: identity).map { try JSONResponse.bytes(of: $0) }
    }

    /// Removes everything.
    /// - Returns: whether there was such a learner.
    public func delete(_ id: LearnerID) async throws -> Bool {
        // Nobody is left to wait for the texts that are being written.
        _ = try await self.personalization.clearCache(userID: id)
        return try await self.learners.delete(id)
    }

    func data(of id: LearnerID, for identity: LearnerIdentity?) async throws -> OwnData? {
        guard let learner = try await self.learners.learner(id) else { return nil }
        return OwnData(
            user: learner,
            signIn: try await self.learners.keptIdentity(of: id).map { OwnData.SignIn($0, of: identity) },
            preferences: try await self.learners.preferences(id),
            progress: try await self.progress.entries(of: id),
            shown: try await self.progress.shownEntries(of: id),
            personalization: try await self.personalization.export(of: id))
    }
}

/// Everything that is kept of one learner.
struct OwnData: Encodable {
    let user: Learner
    /// `nil` for a learner who is anonymous.
    let signIn: SignIn?
    let preferences: Preferences?
    let progress: [ProgressEntry]
    let shown: [ShownEntry]
    let personalization: PersonalizationExport

    /// By whom the account is opened.
    struct SignIn: Encodable {
        let fingerprint: String
        let createdAt: Date
        let issuer: String?
        let subject: String?

        init(_ kept: KeptIdentity, of identity: LearnerIdentity?) {
            self.fingerprint = kept.fingerprint
            self.createdAt = kept.createdAt
            let owner = identity.flatMap { $0.fingerprint == kept.fingerprint ? $0 : nil }
            self.issuer = owner?.issuer
            self.subject = owner?.subject
        }

        enum CodingKeys: String, CodingKey {
            case fingerprint, issuer, subject
            case createdAt = "created_at"
        }
    }

    enum CodingKeys: String, CodingKey {
        case user, preferences, progress, operations, feedback
        case signIn = "sign_in"
        case shown = "recommendations_shown"
        case lessons = "personalized_lessons"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.user, forKey: .user)
        try container.encode(self.signIn, forKey: .signIn)
        try container.encode(self.preferences, forKey: .preferences)
        try container.encode(self.progress, forKey: .progress)
        try container.encode(self.shown, forKey: .shown)
        try container.encode(self.personalization.lessons, forKey: .lessons)
        try container.encode(self.personalization.operations, forKey: .operations)
        try container.encode(self.personalization.feedback, forKey: .feedback)
    }
}

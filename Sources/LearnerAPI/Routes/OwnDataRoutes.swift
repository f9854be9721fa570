import FoundationEssentials
import HTTPTypes
import Hummingbird
import Learners
import LearningPaths
import Personalization

/// A learner's right to take everything along, and to be forgotten.
struct OwnDataRoutes: Sendable {
    private let learners: LearnerStore
    private let progress: ProgressStore
    private let personalization: PersonalizationService

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.learners = dependencies.learners
        self.progress = dependencies.progress
        self.personalization = dependencies.personalization
    }

    var routes: [Route] {
        [
            Route(.get, "user/{user_id}/export", self.export),
            Route(.delete, "user/{user_id}", self.delete),
        ]
    }

    private func export(_ request: APIRequest) async throws -> Response {
        let id = try Self.owner(request)
        guard let learner = try await self.learners.learner(id) else { throw Self.unknown }
        let data = OwnData(
            user: learner, preferences: try await self.learners.preferences(id),
            progress: try await self.progress.entries(of: id),
            shown: try await self.progress.shownEntries(of: id),
            personalization: try await self.personalization.export(of: id))
        var headers = HTTPFields.ownContent()
        headers[.contentDisposition] = "attachment; filename=\"lectern-export.json\""
        return try JSONResponse.make(data, headers: headers)
    }

    private func delete(_ request: APIRequest) async throws -> Response {
        let id = try Self.owner(request)
        // Nobody is left to wait for the texts that are being written.
        _ = try await self.personalization.clearCache(userID: id)
        guard try await self.learners.delete(id) else { throw Self.unknown }
        return Response(status: .noContent)
    }

    /// Who asks, known to ask for nobody else.
    private static func owner(_ request: APIRequest) throws(Problem) -> LearnerID {
        let caller = try request.learner()
        guard LearnerID(try request.text("user_id")) == caller else { throw self.unknown }
        return caller
    }

    private static var unknown: Problem { Problem(.unknownUser, "There is no such user.") }
}

/// Everything that is kept of one learner.
private struct OwnData: Encodable {
    let user: Learner
    let preferences: Preferences?
    let progress: [ProgressEntry]
    let shown: [ShownEntry]
    let personalization: PersonalizationExport

    enum CodingKeys: String, CodingKey {
        case user, preferences, progress, operations, feedback
        case shown = "recommendations_shown"
        case lessons = "personalized_lessons"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.user, forKey: .user)
        try container.encode(self.preferences, forKey: .preferences)
        try container.encode(self.progress, forKey: .progress)
        try container.encode(self.shown, forKey: .shown)
        try container.encode(self.personalization.lessons, forKey: .lessons)
        try container.encode(self.personalization.operations, forKey: .operations)
        try container.encode(self.personalization.feedback, forKey: .feedback)
    }
}

import HTTPTypes
import Hummingbird
import Learners

/// Accounts and the six onboarding questions.
struct UserRoutes: Sendable {
    private let learners: LearnerStore
    private let makeLearnerID: @Sendable () -> LearnerID

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.learners = dependencies.learners
        self.makeLearnerID = dependencies.makeLearnerID
    }

    var routes: [Route] {
        [
            Route(.post, "user/create", isRated: true, self.create),
            Route(.get, "user/{user_id}", self.read),
            Route(.post, "onboarding", self.completeOnboarding),
        ]
    }

    private func create(_ request: APIRequest) async throws -> Response {
        let bytes = try await request.jsonBytes()
        var id: LearnerID?
        if !bytes.isEmpty {
            var reader = BodyReader(try APIRequest.object(in: bytes))
            if let text = reader.string("user_id") {
                id = LearnerID(text)
                if id == nil { reader.report("user_id", .malformed, "Expected a UUID of version 4.") }
            }
            try reader.finish()
        }
        let learner = try await self.create(id ?? self.makeLearnerID(), for: request.signedIn)
        return try JSONResponse.make(
            learner, status: .created, headers: [.location: "/api/user/\(learner.id.text)"])
    }

    private func create(_ id: LearnerID, for signedIn: SignedIn?) async throws -> Learner {
        guard let signedIn else { return try await self.learners.create(id) }
        do {
            return try await self.learners.create(id, for: signedIn.identity)
        } catch let error as LearnerError where error.code == .alreadyExists {
            var problem = Problem(.alreadyExists, error.message)
            // Who signs in on another device learns the id here.
            if let own = try await self.learners.learner(of: signedIn.identity) {
                problem.headers[.location] = "/api/user/\(own.text)"
            }
            throw problem
        }
    }

    private func read(_ request: APIRequest) async throws -> Response {
        let unknown = Problem(.unknownUser, "There is no such user.")
        let caller = try request.optionalLearner()
        guard let id = LearnerID(try request.text("user_id")), caller == nil || caller == id,
            let learner = try await self.learners.learner(id)
        else { throw unknown }
        return try JSONResponse.make(learner, headers: .ownContent())
    }

    private func completeOnboarding(_ request: APIRequest) async throws -> Response {
        let bytes = try await request.jsonBytes()
        // The form's own reader is lenient about JSON, so the strict one looks first.
        _ = try APIRequest.object(in: bytes)
        let form = try OnboardingForm(bytes: bytes)
        let caller = try request.optionalLearner()
        guard caller == nil || caller == form.userID else { throw Problem(.unknownUser, "There is no such user.") }
        let preferences = try await self.learners.completeOnboarding(form.userID, profile: form.profile)
        return try JSONResponse.make(preferences, headers: .ownContent(tag: preferences.entityTag))
    }
}

extension HTTPFields {
    /// The headers of an answer that is for one learner only.
    static func ownContent(tag: String? = nil) -> HTTPFields {
        var headers: HTTPFields = [.cacheControl: "private, no-cache", .vary: "X-User-ID"]
        headers[.eTag] = tag
        return headers
    }
}

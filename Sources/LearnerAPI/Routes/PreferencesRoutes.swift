import HTTPTypes
import Hummingbird
import Learners

/// A learner's answers, read and changed.
struct PreferencesRoutes: Sendable {
    private let learners: LearnerStore

    init(_ learners: LearnerStore) {
        self.learners = learners
    }

    var routes: [Route] {
        [
            Route(.get, "user/preferences", self.read),
            Route(.put, "user/preferences", self.change),
        ]
    }

    private func read(_ request: APIRequest) async throws -> Response {
        let id = try request.learner()
        guard let preferences = try await self.learners.preferences(id) else { throw try await self.absence(of: id) }
        let headers = HTTPFields.ownContent(tag: preferences.entityTag)
        if EntityTags.match(request.request.headers[values: .ifNoneMatch], tag: preferences.entityTag) {
            return Response(status: .notModified, headers: headers)
        }
        return try JSONResponse.make(preferences, headers: headers)
    }

    private func change(_ request: APIRequest) async throws -> Response {
        let id = try request.learner()
        var condition: IfMatch?
        let fields = request.request.headers[values: .ifMatch]
        if !fields.isEmpty {
            condition = IfMatch(fields.joined(separator: ", "))
            guard condition != nil else {
                throw Problem(.malformedRequest, "The header If-Match is neither * nor a list of entity tags.")
            }
        }
        let change = try ProfileChange(try await request.object())
        do {
            let preferences = try await self.learners.change(id, change, ifMatch: condition)
            return try JSONResponse.make(preferences, headers: .ownContent(tag: preferences.entityTag))
        } catch let error as LearnerError where error.code == .notOnboarded {
            throw try await self.absence(of: id)
        }
    }

    /// Why a learner has no preferences.
    private func absence(of id: LearnerID) async throws -> Problem {
        try await self.learners.learner(id) == nil
            ? Problem(.unknownUser, "There is no such user.")
            : Problem(.notOnboarded, "There are no preferences of this user.")
    }
}

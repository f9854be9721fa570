import HTTPTypes
import Hummingbird
import Learners

/// A learner's right to take everything along, and to be forgotten.
struct OwnDataRoutes: Sendable {
    private let desk: OwnDataDesk

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.desk = OwnDataDesk(dependencies)
    }

    var routes: [Route] {
        [
            Route(.get, "user/{user_id}/export", self.export),
            Route(.delete, "user/{user_id}", self.delete),
        ]
    }

    private func export(_ request: APIRequest) async throws -> Response {
        let identity = request.signedIn?.identity
        guard let data = try await self.desk.data(of: try Self.owner(request), for: identity) else {
            throw Self.unknown
        }
        var headers = HTTPFields.ownContent()
        headers[.contentDisposition] = "attachment; filename=\"lectern-export.json\""
        return try JSONResponse.make(data, headers: headers)
    }

    private func delete(_ request: APIRequest) async throws -> Response {
        guard try await self.desk.delete(try Self.owner(request)) else { throw Self.unknown }
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

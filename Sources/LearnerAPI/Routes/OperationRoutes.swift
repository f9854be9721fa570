import FoundationEssentials
import HTTPTypes
import Hummingbird
import Personalization

/// Accepted requests, looked at and withdrawn by whoever made them.
struct OperationRoutes: Sendable {
    private let service: PersonalizationService

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.service = dependencies.personalization
    }

    var routes: [Route] {
        [
            Route(.get, "operations/{id}", self.read),
            Route(.delete, "operations/{id}", self.cancel),
        ]
    }

    private func read(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        let operation = try await self.service.operation(try Self.id(request), of: learner)
        var headers = HTTPFields.ownContent()
        let status = OperationStatus(operation)
        if !status.done { headers[.retryAfter] = String(operation.retryAfterSeconds) }
        return try JSONResponse.make(status, headers: headers)
    }

    private func cancel(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        guard try await self.service.cancel(try Self.id(request), of: learner) else {
            throw Problem(.alreadyFinished, "The operation had ended.")
        }
        return Response(status: .noContent)
    }

    private static func id(_ request: APIRequest) throws(Problem) -> UUID {
        let text = try request.text("id")
        guard text.utf8.count == 36, let id = UUID(uuidString: text) else {
            throw Problem(.unknownOperation, "There is no such operation.")
        }
        return id
    }
}

/// An operation for its owner.
private struct OperationStatus: Encodable {
    let id: String
    let kind = "personalize_lesson"
    let lessonSlug: String
    let state: String
    let done: Bool
    let position: Int?
    let etaSeconds: Int?
    let createdAt: Date?
    let error: String?
    let message: String?
    let retryable: Bool?
    /// Where the text is, or will be.
    let result: String?

    enum CodingKeys: String, CodingKey {
        case id, kind, state, done, position, error, message, retryable, result
        case lessonSlug = "lesson_slug"
        case etaSeconds = "eta_seconds"
        case createdAt = "created_at"
    }

    init(_ operation: PersonalizationOperation) {
        self.id = operation.id.uuidString.lowercased()
        self.lessonSlug = operation.lessonSlug
        self.state = operation.state.rawValue
        self.done =
            switch operation.state {
            case .queued, .running: false
            case .succeeded, .failed, .cancelled: true
            }
        self.position = operation.position
        self.etaSeconds = operation.eta?.wholeSecondsUp
        self.createdAt = operation.createdAt
        self.error = operation.failure?.code
        self.message = operation.failure?.message
        self.retryable = operation.failure?.isRetryable
        self.result =
            switch operation.state {
            case .queued, .running, .succeeded: "/api/personalize/\(PathText.encoding(operation.lessonSlug))"
            case .failed, .cancelled: nil
            }
    }
}

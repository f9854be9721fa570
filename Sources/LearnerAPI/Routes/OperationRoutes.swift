import FoundationEssentials
import HTTPTypes
import Hummingbird
import Learners
import Personalization

/// Accepted requests, looked at and withdrawn by whoever made them.
struct OperationRoutes: Sendable {
    private let service: PersonalizationService
    private let time: Timekeeper
    private let waiters: OpenPlaces

    init(_ dependencies: LearnerAPI.Dependencies) {
        let limits = dependencies.configuration
        self.service = dependencies.personalization
        self.time = dependencies.time
        self.waiters = OpenPlaces(maximum: limits.maximumLongPolls, perName: limits.maximumLongPollsPerLearner)
    }

    var routes: [Route] {
        [
            Route(.get, "operations/{id}", self.read),
            Route(.delete, "operations/{id}", self.cancel),
        ]
    }

    private func read(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        let id = try request.operationID()
        let tags = request.request.headers[values: .ifNoneMatch]
        var status = try await self.status(id, of: learner)
        let wait = try request.wait()
        let seen = status.value.opaqueTag
        // A caller who has another version than the present one is answered at once.
        if wait > .zero, !status.value.done, tags.isEmpty || EntityTags.match(tags, tag: seen) {
            status = try await self.change(of: id, from: status, learner, atMost: wait)
        }
        var headers = HTTPFields.ownContent()
        let tag = status.value.opaqueTag
        // Weak: place and expected time may differ under the same tag.
        headers[.eTag] = "W/" + tag
        if !status.value.done { headers[.retryAfter] = String(status.retryAfter) }
        if EntityTags.match(tags, tag: tag) { return Response(status: .notModified, headers: headers) }
        return try JSONResponse.make(status.value, headers: headers)
    }

    private func cancel(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        guard try await self.service.cancel(try request.operationID(), of: learner) else {
            throw Problem(.alreadyFinished, "The operation had ended.")
        }
        return Response(status: .noContent)
    }

    private struct Look {
        var value: OperationStatus
        var retryAfter: Int
    }

    private func status(_ id: UUID, of learner: LearnerID) async throws -> Look {
        // Numbers only: no section has so high a place that its text would be read here.
        let (operation, progress) = try await self.service.look(at: id, of: learner, without: .everySection)
        return Look(value: OperationStatus(operation, progress), retryAfter: operation.retryAfterSeconds)
    }

    /// Looks until the operation has made progress or the time is over; at once where too many wait already.
    private func change(
        of id: UUID, from first: Look, _ learner: LearnerID, atMost wait: Duration
    ) async throws -> Look {
        guard let place = self.waiters.enter([learner.text]) else { return first }
        defer { withExtendedLifetime(place) {} }
        let deadline = self.time.now() + wait
        var pace = LookPace(id)
        var look = first
        while look.value.opaqueTag == first.value.opaqueTag {
            let left = deadline - self.time.now()
            guard left > .zero else { break }
            try await self.time.pause(min(pace.next(), left))
            look = try await self.status(id, of: learner)
        }
        return look
    }
}

extension APIRequest {
    /// The operation that the path names.
    /// - Throws: ``Problem`` for what can be the id of none.
    func operationID() throws(Problem) -> UUID {
        let text = try self.text("id")
        guard text.utf8.count == 36, let id = UUID(uuidString: text) else {
            throw Problem(.unknownOperation, "There is no such operation.")
        }
        return id
    }
}

extension Set<Int> {
    /// More sections than any lesson has.
    static let everySection = Set(0..<EventCursor.maximumSections)
}

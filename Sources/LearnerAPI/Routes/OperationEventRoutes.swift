import HTTPTypes
import Hummingbird
import Learners
import Logging
import Personalization

/// The progress of one operation as a stream of events.
///
/// A browser's `EventSource` cannot send `X-User-ID`. With the header, it must name the operation's owner; without it,
/// the id alone opens the stream, which nobody can guess.
struct OperationEventRoutes: Sendable {
    private let service: PersonalizationService
    private let time: Timekeeper
    private let pace: OperationEvents.Pace
    private let places: OpenPlaces

    init(_ dependencies: LearnerAPI.Dependencies) {
        let limits = dependencies.configuration
        self.service = dependencies.personalization
        self.time = dependencies.time
        self.pace = OperationEvents.Pace(beat: limits.streamBeat, budget: limits.streamBudget)
        self.places = OpenPlaces(maximum: limits.maximumStreams, perName: limits.maximumStreamsPerLearner)
    }

    var routes: [Route] {
        [Route(.get, "operations/{id}/events", self.events)]
    }

    private func events(_ request: APIRequest) async throws -> Response {
        let unknown = Problem(.unknownOperation, "There is no such operation.")
        let id = try request.operationID()
        let caller = try request.optionalLearner()
        guard let owner = try await self.service.owner(of: id), caller == nil || caller == owner else { throw unknown }
        let cursor = EventCursor(request.request.headers[.lastEventID])
        // This answer alone keeps an EventSource from coming back.
        if cursor.isDone { return Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
        let operation = try await self.service.operation(id, of: owner)
        guard let place = self.places.enter(["learner \(owner.text)", "operation \(id)"]) else {
            throw Problem(.tooManyStreams, "As many streams are open as may be.", retryAfter: 5)
        }
        let service = self.service
        let events = OperationEvents(
            operationID: id, lessonSlug: operation.lessonSlug,
            source: OperationEvents.Source(
                progress: { try await service.progress(id, of: owner, without: $0) },
                operation: { try await service.operation(id, of: owner) }),
            pace: self.pace, time: self.time)
        let logger = request.logger
        return EventStream.response(to: request.request) { writer in
            defer { withExtendedLifetime(place) {} }
            do {
                try await events.run(from: cursor, send: writer.send, beat: writer.beat)
            } catch let error as OperationEvents.SourceFailure {
                // The client takes the stream up again, and is told then what is the matter.
                logger.warning("event stream broken off", metadata: ["cause": "\(error.cause)"])
            }
        }
    }
}

import CurlHTTP
public import FoundationEssentials
public import JobQueue
public import JobQueuePostgres
import Logging
public import PipelineJobs
public import Webhooks

/// Delivers one message to one receiver. The receiver's 2xx ends the job, 410 and a name that the operator took out end
/// it for good, and the queue repeats everything else.
public struct DeliverWebhookHandler: JobHandler {
    private let endpoints: WebhookEndpoints
    private let client: WebhookClient
    private let now: @Sendable () -> Date

    /// A handler over the operator's receivers.
    /// - Parameter now: the time that messages are signed with.
    public init(
        endpoints: WebhookEndpoints, client: WebhookClient, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.endpoints = endpoints
        self.client = client
        self.now = now
    }

    /// Performs one attempt.
    public func perform(
        _ arguments: DeliverWebhook, context: JobContext
    ) async throws -> JobOutcome<JobTransaction> {
        guard let endpoint = self.endpoints[arguments.endpoint] else {
            throw JobError.permanent("unknown_endpoint", "The operator's file has no endpoint of this name.")
        }
        let message = try Self.message(arguments)
        let answer: WebhookClient.Answer
        do {
            answer = try await self.client.deliver(message, to: endpoint, at: self.now())
        } catch let error as HTTPClientError {
            try Task.checkCancellation()
            throw JobError.retry("receiver_unreachable", "The receiver gave no answer (\(error.code)).")
        }
        switch answer {
        case .accepted:
            return JobOutcome()
        case .gone:
            throw JobError.permanent("receiver_gone", "The receiver wants no more messages (410).")
        case .refused(let status, let pause):
            throw JobError.retry("receiver_refused", "The receiver answered \(status).", after: pause)
        }
    }

    /// The body holds no text and no learner's id. It is the same at every attempt.
    static func message(_ arguments: DeliverWebhook) throws -> WebhookMessage {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let body = Body(
            type: arguments.type, timestamp: Date(timeIntervalSince1970: Double(arguments.at)),
            data: Body.Facts(operationID: arguments.operationID, lessonSlug: arguments.lessonSlug))
        return WebhookMessage(id: arguments.eventID, body: Array(try encoder.encode(body)))
    }

    private struct Body: Encodable {
        struct Facts: Encodable {
            let operationID: String
            let lessonSlug: String

            enum CodingKeys: String, CodingKey {
                case operationID = "operation_id"
                case lessonSlug = "lesson_slug"
            }
        }

        let type: String
        let timestamp: Date
        let data: Facts
    }
}

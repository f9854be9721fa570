public import JobQueue

/// Tells one receiver of the end of one operation.
///
/// Its queue is its own: a receiver that answers slowly holds up other messages, never a learner's lesson.
public struct DeliverWebhook: JobArguments, Hashable {
    public static let definition = JobDefinition(
        kind: "deliver_webhook", queue: "webhook", lane: .standard,
        retryPolicy: RetryPolicy(base: .seconds(5), cap: .seconds(21_600), maxAttempts: 16), timeout: .seconds(30))
    public static let dataClasses: [String: DataClass] = [
        "endpoint": .open, "event_id": .open, "type": .open, "operation_id": .restricted, "lesson_slug": .open,
        "at": .open,
    ]

    /// The receiver's name in the operator's file.
    public var endpoint: String
    /// The same for every delivery of this event.
    public var eventID: String
    /// `personalization.succeeded` or `personalization.failed`.
    public var type: String
    /// Opens the operation to whoever knows it, and says nothing about the learner.
    public var operationID: String
    public var lessonSlug: String
    /// When the operation ended, in seconds since 1970.
    public var at: Int64

    public init(
        endpoint: String, eventID: String, type: String, operationID: String, lessonSlug: String, at: Int64
    ) {
        self.endpoint = endpoint
        self.eventID = eventID
        self.type = type
        self.operationID = operationID
        self.lessonSlug = lessonSlug
        self.at = at
    }

    enum CodingKeys: String, CodingKey {
        case endpoint, type, at
        case eventID = "event_id"
        case operationID = "operation_id"
        case lessonSlug = "lesson_slug"
    }

    public var uniqueKey: String? { "deliver_webhook:\(self.endpoint):\(self.eventID)" }
}

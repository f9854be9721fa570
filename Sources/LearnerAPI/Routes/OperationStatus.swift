import FoundationEssentials
import Personalization

/// An operation for its owner.
struct OperationStatus: Encodable {
    /// How much of it is done.
    struct Progress: Encodable {
        /// Sections that are written.
        let done: Int
        /// Sections of the lesson, once known.
        let total: Int?
        /// `queued`, `reading`, `writing` or `finished`.
        let stage: String
    }

    /// Where it stands while it is not done.
    struct Queue: Encodable {
        let position: Int?
        let etaSeconds: Int?

        enum CodingKeys: String, CodingKey {
            case position
            case etaSeconds = "eta_seconds"
        }
    }

    struct Links: Encodable {
        let own: String
        let events: String
        let result: String?

        enum CodingKeys: String, CodingKey {
            case events, result
            case own = "self"
        }
    }

    let id: String
    let kind = "personalize_lesson"
    let lessonSlug: String
    let state: String
    /// The same as `state`, under the name that other APIs give it.
    let status: String
    let done: Bool
    let progress: Progress
    let queue: Queue?
    let position: Int?
    let etaSeconds: Int?
    let createdAt: Date?
    let error: String?
    let message: String?
    let retryable: Bool?
    /// Where the text is, or will be.
    let result: String?
    let links: Links

    enum CodingKeys: String, CodingKey {
        case id, kind, state, status, done, progress, queue, position, error, message, retryable, result, links
        case lessonSlug = "lesson_slug"
        case etaSeconds = "eta_seconds"
        case createdAt = "created_at"
    }

    init(_ operation: PersonalizationOperation, _ progress: OperationProgress) {
        let id = operation.id.uuidString.lowercased()
        let isOver = operation.state.isOver
        self.id = id
        self.lessonSlug = operation.lessonSlug
        self.state = operation.state.rawValue
        self.status = operation.state.rawValue
        self.done = isOver
        self.progress = Progress(
            done: progress.finished.count, total: progress.total, stage: Self.stage(operation.state, progress))
        self.position = operation.position
        self.etaSeconds = operation.eta?.wholeSecondsUp
        self.queue = isOver ? nil : Queue(position: operation.position, etaSeconds: operation.eta?.wholeSecondsUp)
        self.createdAt = operation.createdAt
        self.error = operation.failure?.code
        self.message = operation.failure?.message
        self.retryable = operation.failure?.isRetryable
        let result: String? =
            switch operation.state {
            case .queued, .running, .succeeded: "/api/personalize/\(PathText.encoding(operation.lessonSlug))"
            case .failed, .cancelled: nil
            }
        self.result = result
        self.links = Links(own: "/api/operations/\(id)", events: "/api/operations/\(id)/events", result: result)
    }

    /// What changes when the operation makes progress, and only then: place and expected time move all the while.
    var opaqueTag: String {
        "\"\(self.state)-\(self.progress.done)-\(self.progress.total ?? 0)\(self.error.map { "-" + $0 } ?? "")\""
    }

    private static func stage(_ state: PersonalizationOperation.State, _ progress: OperationProgress) -> String {
        switch state {
        case .queued: "queued"
        case .running: progress.total == nil ? "reading" : "writing"
        case .succeeded, .failed, .cancelled: "finished"
        }
    }
}

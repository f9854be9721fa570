import Personalization

/// What the event `section` says.
struct SectionEvent: Encodable {
    let ordinal: Int
    let heading: String?
    let content: String
    let generator: String
    let done: Int
    let total: Int?

    init(_ section: OperationProgress.Section, done: Int, total: Int?) {
        self.ordinal = section.ordinal
        self.heading = section.heading
        self.content = section.content
        self.generator = section.generator
        self.done = done
        self.total = total
    }
}

/// What the event `progress` says.
struct Standing: Hashable, Encodable {
    struct Estimate: Hashable {
        var position: Int?
        var etaSeconds: Int?
    }

    let state: String
    let done: Int
    let total: Int?
    var estimate: Estimate?

    enum CodingKeys: String, CodingKey {
        case state, done, total, position
        case etaSeconds = "eta_seconds"
    }

    init(_ progress: OperationProgress) {
        self.state = progress.state.rawValue
        self.done = progress.finished.count
        self.total = progress.total
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.state, forKey: .state)
        try container.encode(self.done, forKey: .done)
        try container.encodeIfPresent(self.total, forKey: .total)
        try container.encodeIfPresent(self.estimate?.position, forKey: .position)
        try container.encodeIfPresent(self.estimate?.etaSeconds, forKey: .etaSeconds)
    }
}

/// What the last event, `done`, says.
struct OperationEnd: Encodable {
    let state: String
    let lessonSlug: String
    /// Where the text is.
    let result: String?
    let error: String?
    let message: String?
    let retryable: Bool?

    enum CodingKeys: String, CodingKey {
        case state, result, error, message, retryable
        case lessonSlug = "lesson_slug"
    }

    init(_ lessonSlug: String, _ progress: OperationProgress) {
        self.state = progress.state.rawValue
        self.lessonSlug = lessonSlug
        self.result = progress.state == .succeeded ? "/api/personalize/\(PathText.encoding(lessonSlug))" : nil
        self.error = progress.failure?.code
        self.message = progress.failure?.message
        self.retryable = progress.failure?.isRetryable
    }
}

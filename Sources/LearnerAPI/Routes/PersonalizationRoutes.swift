import FoundationEssentials
import HTTPTypes
import Hummingbird
import Learners
import Personalization

/// Lessons written for one learner: asked for, polled and cleared.
struct PersonalizationRoutes: Sendable {
    /// The largest request, in bytes: it may carry the lesson's own text.
    static let bodyLimit = 1024 * 1024

    private let service: PersonalizationService

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.service = dependencies.personalization
    }

    var routes: [Route] {
        [
            Route(.post, "personalize", self.request),
            Route(.delete, "personalize/cache", self.clear),
            Route(.get, "personalize/{slug...}/diff", self.difference),
            Route(.post, "personalize/{slug...}/feedback", self.feedback),
            Route(.get, "personalize/{slug...}", self.poll),
        ]
    }

    private func request(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        var reader = BodyReader(try await request.object(upTo: Self.bodyLimit))
        let slug = reader.slug("lesson_slug", isRequired: true)
        let originalContent = reader.string("original_content")
        try reader.finish()
        guard let slug else { throw Problem(field: "lesson_slug", .missing, "This field is required.") }

        var answer = try await self.service.request(
            userID: learner, slug: slug.text, originalContent: originalContent)
        var isCached = true
        let preference = request.preference
        if case .pending = answer {
            isCached = false
            if let wait = preference.wait, wait > .zero {
                answer = try await self.service.wait(for: answer, atMost: wait)
                // The estimate is as old as the wait, so whoever must come back gets a new one.
                if case .pending = answer { answer = try await self.service.poll(userID: learner, slug: slug.text) }
            }
        }
        var response = try await self.response(answer, isCached: isCached, ifNoneMatch: [])
        response.headers[.preferenceApplied] = preference.applied
        return response
    }

    private func poll(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        let slug = try request.slug()
        let answer = try await self.service.poll(userID: learner, slug: slug.text)
        let tags = request.request.headers[values: .ifNoneMatch]
        return try await self.response(answer, isCached: true, ifNoneMatch: tags)
    }

    private func clear(_ request: APIRequest) async throws -> Response {
        let deleted = try await self.service.clearCache(userID: try request.learner())
        return try JSONResponse.make(["deleted_count": deleted], headers: .ownContent())
    }

    /// What was changed for the learner, line by line.
    private func difference(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        let difference = try await self.service.difference(userID: learner, slug: try request.slug().text)
        var headers = HTTPFields.ownContent()
        headers[.vary] = "X-User-ID"
        return try JSONResponse.make(difference, headers: headers)
    }

    /// A thumb up or down. The last word on a text counts.
    private func feedback(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        let slug = try request.slug()
        var reader = BodyReader(try await request.object())
        let rating = reader.word("rating", as: Feedback.Rating.self)
        let reason = reader.word("reason", as: Feedback.Reason.self)
        let comment = reader.string("comment")
        if let comment, comment.count > Feedback.maximumComment {
            reader.report("comment", .malformed, "A comment has at most \(Feedback.maximumComment) characters.")
        }
        try reader.finish()
        guard let rating else { throw Problem(field: "rating", .missing, "This field is required.") }
        try await self.service.file(
            Feedback(rating: rating, reason: reason, comment: comment), userID: learner, slug: slug.text)
        return Response(status: .noContent)
    }

    private func response(
        _ answer: PersonalizationAnswer, isCached: Bool, ifNoneMatch: [String]
    ) async throws -> Response {
        var headers = HTTPFields.ownContent()
        headers[.vary] = "Prefer, X-User-ID"
        switch answer {
        case .ready(let text, let key):
            let written = Int64((text.generatedAt.timeIntervalSince1970 * 1_000).rounded())
            let tag = "\"\(text.hash)-\(written)\""
            headers[.eTag] = tag
            if EntityTags.match(ifNoneMatch, tag: tag) { return Response(status: .notModified, headers: headers) }
            return try JSONResponse.make(
                ReadyLesson(
                    lessonSlug: key.lessonSlug, personalizedContent: try await self.service.content(of: text, key),
                    cached: isCached, shared: text.isShared ? true : nil,
                    generatedAt: text.generatedAt, contentHash: key.contentHash,
                    preferencesHash: key.preferencesHash, generator: text.generator),
                headers: headers)
        case .pending(let operation, let key, isNew: _):
            headers[.location] = "/api/operations/\(operation.id.uuidString.lowercased())"
            headers[.retryAfter] = String(operation.retryAfterSeconds)
            return try JSONResponse.make(
                UnreadyLesson(status: "pending", operation: OperationSummary(operation), lessonSlug: key.lessonSlug),
                status: .accepted, headers: headers)
        case .failed(let failure, let operation, let key):
            return try JSONResponse.make(
                UnreadyLesson(
                    status: "failed", operation: OperationSummary(operation), lessonSlug: key.lessonSlug,
                    error: failure.code, message: failure.message, retryable: failure.isRetryable),
                headers: headers)
        }
    }
}

/// A text that is there.
private struct ReadyLesson: Encodable {
    let lessonSlug: String
    let personalizedContent: String
    let cached: Bool
    /// True where no section had to be written for it.
    let shared: Bool?
    let generatedAt: Date
    let contentHash: String
    let preferencesHash: String
    let generator: String

    enum CodingKeys: String, CodingKey {
        case cached, shared, generator
        case lessonSlug = "lesson_slug"
        case personalizedContent = "personalized_content"
        case generatedAt = "generated_at"
        case contentHash = "content_hash"
        case preferencesHash = "preferences_hash"
    }
}

/// A text that is under way, or that nobody could write.
private struct UnreadyLesson: Encodable {
    let cached = false
    /// `pending` or `failed`.
    let status: String
    let operation: OperationSummary
    let lessonSlug: String
    var error: String?
    var message: String?
    var retryable: Bool?

    enum CodingKeys: String, CodingKey {
        case cached, status, operation, error, message, retryable
        case lessonSlug = "lesson_slug"
    }
}

/// An operation as it stands in a personalization's answer.
private struct OperationSummary: Encodable {
    let id: String
    let state: String
    let position: Int?
    let etaSeconds: Int?

    enum CodingKeys: String, CodingKey {
        case id, state, position
        case etaSeconds = "eta_seconds"
    }

    init(_ operation: PersonalizationOperation) {
        self.id = operation.id.uuidString.lowercased()
        self.state = operation.state.rawValue
        self.position = operation.position
        self.etaSeconds = operation.eta.map { $0.wholeSecondsUp }
    }
}

extension Duration {
    /// Whole seconds, rounded up.
    var wholeSecondsUp: Int {
        let (seconds, attoseconds) = self.components
        return Int(clamping: attoseconds > 0 ? seconds.addingReportingOverflow(1).partialValue : seconds)
    }
}

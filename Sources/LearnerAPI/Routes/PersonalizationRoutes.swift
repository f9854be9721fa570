import FoundationEssentials
import HTTPTypes
import Hummingbird
import Learners
import Personalization
import Postgres

/// Lessons written for one learner: asked for, polled and cleared.
struct PersonalizationRoutes: Sendable {
    /// The largest request, in bytes: it may carry the lesson's own text.
    static let bodyLimit = 1024 * 1024

    private let service: PersonalizationService
    private let keys: RequestKeyStore?
    private let webhooks: WebhookDesk?
    private let literals = JSONLiterals()

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.service = dependencies.personalization
        self.keys = dependencies.requestKeys
        self.webhooks = dependencies.webhooks
    }

    var routes: [Route] {
        [
            Route(.post, "personalize", isRated: true, self.request),
            Route(.delete, "personalize/cache", self.clear),
            Route(.get, "personalize/{slug...}/diff", self.difference),
            Route(.post, "personalize/{slug...}/feedback", self.feedback),
            Route(.get, "personalize/{slug...}", self.poll),
        ]
    }

    private func request(_ request: APIRequest) async throws -> Response {
        let learner = try request.learner()
        let key = try request.idempotencyKey()
        let order = try await self.order(request, of: learner)
        var answer = try await self.answer(order, under: key)
        var isCached = true
        // A hit asks for no work.
        if case .ready = answer { request.receipt.waive() }
        let preference = request.preference
        if case .pending = answer {
            isCached = false
            if let wait = preference.wait, wait > .zero {
                answer = try await self.service.wait(for: answer, atMost: wait)
                // The estimate is as old as the wait, so whoever must come back gets a new one.
                if case .pending = answer {
                    answer = try await self.service.poll(userID: learner, slug: order.slug.text)
                }
            }
        }
        var response = try await self.response(answer, isCached: isCached, ifNoneMatch: [])
        response.headers[.preferenceApplied] = preference.applied
        return response
    }

    /// What a caller asks for.
    private struct Order: Sendable {
        let learner: LearnerID
        let slug: LessonSlug
        let originalContent: String?
        let webhook: String?

        var fingerprint: RequestKeyStore.Fingerprint {
            RequestKeyStore.Fingerprint(
                method: "POST", path: "/api/personalize",
                fields: [
                    ("lesson_slug", self.slug.text), ("original_content", self.originalContent),
                    ("webhook", self.webhook),
                ])
        }
    }

    private func order(_ request: APIRequest, of learner: LearnerID) async throws -> Order {
        var reader = BodyReader(try await request.object(upTo: Self.bodyLimit))
        let slug = reader.slug("lesson_slug", isRequired: true)
        let originalContent = reader.string("original_content")
        let webhook = reader.string("webhook")
        if let webhook, self.webhooks?.knows(webhook) != true {
            reader.report("webhook", .unknownValue, "The operator has entered no webhook of this name.")
        }
        try reader.finish()
        guard let slug else { throw Problem(field: "lesson_slug", .missing, "This field is required.") }
        return Order(learner: learner, slug: slug, originalContent: originalContent, webhook: webhook)
    }

    /// Carries an order out, or answers again what was asked under the key before.
    private func answer(_ order: Order, under key: String?) async throws -> PersonalizationAnswer {
        guard let key, let keys = self.keys else { return try await self.carryOut(order) }
        switch try await keys.claim(key, of: order.learner, for: order.fingerprint) {
        case .otherRequest:
            throw Problem(.idempotencyKeyReused, "Another request was sent under this Idempotency-Key.")
        case .inProgress:
            throw Problem(
                .requestInProgress, "The request under this Idempotency-Key is being answered.", retryAfter: 1)
        case .answered(let operation?):
            return try await self.replay(operation, order)
        case .answered(operation: nil):
            // The text was there; reading it once more changes nothing, unless it was cleared meanwhile.
            return try await self.service.poll(userID: order.learner, slug: order.slug.text)
        case .claimed(let claim):
            do {
                let answer = try await self.carryOut(order)
                try await keys.answer(claim, operation: answer.operationID)
                return answer
            } catch {
                // Also when the request was given up: whoever repeats it shall not wait for the claim's end. Where the
                // database is away, that end frees the key.
                await Task { try? await keys.release(claim) }.value
                throw error
            }
        }
    }

    private func carryOut(_ order: Order) async throws -> PersonalizationAnswer {
        let answer = try await self.service.request(
            userID: order.learner, slug: order.slug.text, originalContent: order.originalContent)
        if let webhook = order.webhook, case .pending(let operation, _, _) = answer {
            let service = self.service
            try await self.webhooks?.tell(webhook, of: operation.id) {
                try await service.operation(operation.id, of: order.learner).state
            }
        }
        return answer
    }

    /// The present state of an operation as the answer to its request.
    private func replay(_ id: UUID, _ order: Order) async throws -> PersonalizationAnswer {
        let operation = try await self.service.operation(id, of: order.learner)
        switch operation.state {
        case .queued, .running, .succeeded, .failed:
            return try await self.service.poll(userID: order.learner, slug: order.slug.text)
        case .cancelled:
            throw PersonalizationError(.notRequested, "The request was withdrawn after it was accepted.")
        }
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
            let content = try await self.literals.literal(hash: text.hash) {
                try await self.service.content(of: text, key)
            }
            return JSONResponse.make(Self.answer(text, key, content, isCached: isCached), headers: headers)
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

extension PersonalizationRoutes {
    /// A text that is there.
    /// - Parameter content: the text as a JSON string.
    static func answer(
        _ text: PersonalizedLesson.Text, _ key: PersonalizationKey, _ content: ByteBuffer, isCached: Bool
    ) -> ByteBuffer {
        var answer = JSONObjectText(capacity: content.readableBytes + 512)
        answer.add("lesson_slug", key.lessonSlug)
        answer.add("cached", isCached)
        // No section had to be written for it.
        if text.isShared { answer.add("shared", true) }
        answer.add("generated_at", text.generatedAt.secondText)
        answer.add("content_hash", key.contentHash)
        answer.add("preferences_hash", key.preferencesHash)
        answer.add("generator", text.generator)
        answer.add("personalized_content", literal: content)
        return answer.finished()
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

extension PersonalizationAnswer {
    /// The operation to come back for; `nil` where the text is there.
    fileprivate var operationID: UUID? {
        switch self {
        case .ready: nil
        case .pending(let operation, _, _), .failed(_, let operation, _): operation.id
        }
    }
}

extension Duration {
    /// Whole seconds, rounded up.
    var wholeSecondsUp: Int {
        let (seconds, attoseconds) = self.components
        return Int(clamping: attoseconds > 0 ? seconds.addingReportingOverflow(1).partialValue : seconds)
    }
}

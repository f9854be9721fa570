import HTTPTypes
import Hummingbird
import Learners
import LearningPaths
import TextbookSync

/// What a learner should read next, and why.
struct RecommendationRoutes: Sendable {
    private let progress: ProgressStore
    private let catalog: ContentCatalog
    private let texts: ReasonTexts

    static let limits = 1...50
    static let ordinaryLimit = 5

    init(_ dependencies: LearnerAPI.Dependencies) {
        self.progress = dependencies.progress
        self.catalog = dependencies.catalog
        self.texts = dependencies.reasonTexts
    }

    var routes: [Route] {
        [
            Route(.get, "progress/recommendations", self.read),
            Route(.post, "progress/recommendations/shown", self.noteShown),
        ]
    }

    private func read(_ request: APIRequest) async throws -> Response {
        let id = try request.learner()
        let limit = try Self.limit(request)
        let question = try Self.question(request)
        let account = try await self.progress.account(of: id)
        let lesson = try await self.lesson(question, in: account.path)
        let answer = RecommendationAnswer(account, limit: limit, whyNot: lesson, texts: self.texts)
        return try JSONResponse.make(answer, headers: .ownContent())
    }

    private func noteShown(_ request: APIRequest) async throws -> Response {
        let id = try request.learner()
        var reader = BodyReader(try await request.object())
        let slugs = reader.slugs("lesson_slugs", upTo: Self.limits.upperBound)
        try reader.finish()
        try await self.progress.noteShown(id, slugs: slugs ?? [])
        return Response(status: .noContent, headers: .ownContent())
    }

    private static func limit(_ request: APIRequest) throws(Problem) -> Int {
        guard let text = request.request.uri.queryParameters["limit"] else { return Self.ordinaryLimit }
        guard text.utf8.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let limit = Int(text),
            Self.limits.contains(limit)
        else {
            throw Problem(
                field: "limit", .unknownValue,
                "Expected a whole number from \(Self.limits.lowerBound) to \(Self.limits.upperBound).")
        }
        return limit
    }

    private static func question(_ request: APIRequest) throws(Problem) -> LessonSlug? {
        guard let text = request.request.uri.queryParameters["why_not"] else { return nil }
        do {
            return try LessonSlug(String(text))
        } catch {
            throw Problem(field: "why_not", .malformed, error.reason)
        }
    }

    /// The place of a lesson by its slug, or by one that it had before.
    private func lesson(_ slug: LessonSlug?, in path: PublishedPath) async throws -> Int? {
        guard let slug else { return nil }
        if let lesson = path.lesson(slug: slug.text) { return lesson }
        let unknown = Problem(.unknownLesson, "There is no published lesson with this slug.")
        do {
            _ = try await self.catalog.lesson(slug.text)
        } catch let error as CatalogError where error.code == .renamed {
            if let lesson = error.slug.flatMap(path.lesson(slug:)) { return lesson }
        } catch let error as CatalogError where error.code == .notFound {
            throw unknown
        }
        throw unknown
    }
}

/// The answer to who asks what to read.
struct RecommendationAnswer: Encodable {
    struct Entry: Encodable {
        let lesson: PublishedLesson
        let chapterTitle: String
        let partTitle: String
        let kind: Recommender.Kind
        /// The first reason's sentence.
        let reason: String
        let reasons: [ExplainedReason]
        /// The place in the list, from 1.
        let priority: Int
        /// In thousandths of a point.
        let score: Int

        enum CodingKeys: String, CodingKey {
            case lesson, kind, reason, reasons, priority, score
            case chapterTitle = "chapter_title"
            case partTitle = "part_title"
        }
    }

    let recommendations: [Entry]
    /// How many there are without a limit.
    let total: Int
    /// `learning`, `complete`, `content_pending`, `blocked` or `no_profile`.
    let state: String
    /// What to tell a learner who has nothing new to read.
    let stateReason: ExplainedReason?
    let whyNot: ExplainedReason?

    enum CodingKeys: String, CodingKey {
        case recommendations, total, state
        case stateReason = "state_reason"
        case whyNot = "why_not"
    }

    init(_ account: ProgressStore.Account, limit: Int, whyNot lesson: Int?, texts: ReasonTexts) {
        guard let profile = account.record.profile else {
            let reason = ExplainedReason(Reason(.noProfile), texts, .en)
            self.recommendations = []
            self.total = 0
            self.state = "no_profile"
            self.stateReason = reason
            self.whyNot = lesson == nil ? nil : reason
            return
        }
        let language = profile.preferredLanguage
        let curriculum = account.path.curriculum
        let recommender = Recommender(curriculum, record: account.record, outlook: LearnerOutlook(profile))
        let list = recommender.list
        self.recommendations = list.prefix(limit).enumerated().map { place, recommendation in
            let reasons = recommender.reasons(for: recommendation).map { ExplainedReason($0, texts, language) }
            return Entry(
                lesson: account.path.lessons[recommendation.lesson],
                chapterTitle: curriculum.chapter(of: recommendation.lesson).title,
                partTitle: curriculum.part(of: recommendation.lesson).title, kind: recommendation.kind,
                reason: reasons.first?.text ?? "", reasons: reasons, priority: place + 1,
                score: recommendation.score.total)
        }
        self.total = list.count
        self.state = recommender.state.word
        self.stateReason = recommender.emptiness.map { ExplainedReason($0, texts, language) }
        self.whyNot = lesson.map { ExplainedReason(recommender.whyNot($0, limit: limit), texts, language) }
    }
}

/// A reason with its sentence.
struct ExplainedReason: Encodable {
    let code: String
    let params: [String: Reason.Value]
    let text: String

    init(_ reason: Reason, _ texts: ReasonTexts, _ language: PreferredLanguage) {
        self.code = reason.code.rawValue
        self.params = reason.params
        self.text = texts.text(reason, in: language)
    }
}

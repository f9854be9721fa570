import HTTPTypes
import Hummingbird
import Learners
import LearningPaths

/// How far a learner came, lesson by lesson and in all.
struct ProgressRoutes: Sendable {
    private let progress: ProgressStore

    /// The longest time that one report may add, in seconds: a day.
    static let reportBounds = 0...86_400
    /// Whole numbers that every JSON reader keeps exactly (RFC 8259, section 6).
    static let reportNumbers = 0...9_007_199_254_740_991

    init(_ progress: ProgressStore) {
        self.progress = progress
    }

    var routes: [Route] {
        [
            Route(.get, "progress", self.summary),
            Route(.post, "progress/lessons/{slug...}/start", self.start),
            Route(.post, "progress/lessons/{slug...}/complete", self.complete),
            Route(.put, "progress/lessons/{slug...}/time", self.addTime),
            Route(.get, "progress/lessons/{slug...}", self.status),
        ]
    }

    private func summary(_ request: APIRequest) async throws -> Response {
        let account = try await self.progress.account(of: try request.learner())
        let summary = ProgressSummary(account.path.curriculum, account.record)
        return try JSONResponse.make(summary, headers: .ownContent())
    }

    private func status(_ request: APIRequest) async throws -> Response {
        let status = try await self.progress.status(of: try request.learner(), slug: try request.slug().text)
        return try JSONResponse.make(status, headers: .ownContent())
    }

    private func start(_ request: APIRequest) async throws -> Response {
        let status = try await self.progress.start(try request.learner(), slug: try request.slug().text)
        return try JSONResponse.make(status, headers: .ownContent())
    }

    private func complete(_ request: APIRequest) async throws -> Response {
        let status = try await self.progress.complete(try request.learner(), slug: try request.slug().text)
        return try JSONResponse.make(status, headers: .ownContent())
    }

    private func addTime(_ request: APIRequest) async throws -> Response {
        let id = try request.learner()
        let slug = try request.slug().text
        var reader = BodyReader(try await request.object())
        let seconds = reader.integer("time_spent_seconds", in: Self.reportBounds, isRequired: true)
        let number = reader.integer("report_number", in: Self.reportNumbers)
        try reader.finish()
        let status = try await self.progress.addTime(id, slug: slug, seconds: seconds ?? 0, reportNumber: number)
        return try JSONResponse.make(status, headers: .ownContent())
    }
}

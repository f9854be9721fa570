import HTTPTypes
import Hummingbird
import Operators
import TextbookSync

/// The releases of the book, and the resyncs that make them.
struct ContentPages: Sendable {
    static let path = "/ops/content"

    let site: ConsoleSite
    let backends: ConsoleBackends

    var pages: [ConsolePage] { [ConsolePage("ops/content", get: self.show, post: self.rollBack)] }

    private struct Model {
        struct Release {
            let id: String
            let state: String
            let revision: String
            let lessons: Int
            let createdAt: String
            let publishedAt: String
            let error: String
            let canBeShown: Bool
        }

        struct Resync {
            let id: String
            let address: String
            let state: String
            let done: Int
            let total: Int
            let hasProgress: Bool
            let words: String
            let release: String
        }

        let releases: [Release]
        let hasReleases: Bool
        let resyncs: [Resync]
        let hasResyncs: Bool
    }

    private func show(_ call: OperatorCall) async throws -> Response {
        async let releases = self.backends.releases.list()
        async let resyncs = self.backends.resyncs.latest()
        let model = Model(
            releases: try await releases.map { release in
                Model.Release(
                    id: "\(release.id)", state: release.state,
                    revision: Excerpt.text(release.revision ?? "", bytes: 60),
                    lessons: release.lessons, createdAt: release.createdAt, publishedAt: release.publishedAt ?? "–",
                    error: Excerpt.text(release.error ?? "", bytes: 300),
                    canBeShown: call.maySteer && release.canBeShown)
            }, hasReleases: try await !releases.isEmpty, resyncs: try await resyncs.map(Self.resync),
            hasResyncs: try await !resyncs.isEmpty)
        return try self.site.page(call, "content", title: "Content", place: .content, isLive: true, model)
    }

    private func rollBack(_ call: OperatorCall, _ form: ConsoleForm) async throws -> Response {
        guard form["action"] == "rollback" else { throw ConsoleForm.unknownAction }
        guard let id = form["release"].flatMap(Int64.init) else {
            throw HTTPError(.unprocessableContent, message: "release is the number of a release.")
        }
        do {
            _ = try await self.backends.audit.recording(
                OperatorAct("release.rollback", on: "release \(id)", reason: try form.remark()), by: call.who,
                requestID: call.requestID
            ) { try await self.backends.releases.rollBack(to: id) }
        } catch let error as ReleaseError {
            throw HTTPError(error.code == .notShowable ? .conflict : .notFound, message: error.message)
        }
        return ConsoleSite.done(.rolledBack, at: Self.path)
    }

    private static func resync(_ status: ResyncStatus) -> Model.Resync {
        var words: [String] = []
        if let progress = status.progress {
            words.append("\(progress.done) of \(progress.total)")
            if progress.failed > 0 { words.append("\(progress.failed) failed") }
        }
        if let report = status.report {
            words.append(
                "\(report.created) new, \(report.updated) changed, \(report.deleted) deleted, "
                    + "\(report.unchanged) unchanged")
            if report.errors > 0 { words.append("\(report.errors) errors") }
            if report.warnings > 0 { words.append("\(report.warnings) warnings") }
        }
        if let error = status.error { words.append("\(error.code): \(error.message)") }
        let isUnderWay = !status.done && status.progress != nil
        return Model.Resync(
            id: status.id, address: "\(JobPages.path)/\(status.id)", state: status.state.rawValue,
            done: status.progress?.done ?? 0, total: max(1, status.progress?.total ?? 1), hasProgress: isUnderWay,
            words: Excerpt.text(words.joined(separator: "; "), bytes: 400),
            release: status.release.map { "\($0)" } ?? "–")
    }
}

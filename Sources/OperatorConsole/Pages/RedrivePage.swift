import HTTPTypes
import Hummingbird
import JobQueuePostgres
import Operators

/// Runs many dead letters again: what would be done is shown first, and nothing else is done.
struct RedrivePage: Sendable {
    static let path = "/ops/redrive"
    /// Letters of the plan that the page shows.
    private static let sample = 10

    let site: ConsoleSite
    let backends: ConsoleBackends

    var pages: [ConsolePage] { [ConsolePage("ops/redrive", get: self.show, post: self.apply)] }

    private struct Model {
        let filter: String
        let count: Int
        let hasJobs: Bool
        let isCutOff: Bool
        let jobs: [JobListModel.Job]
        let more: Int?
        let hash: String
        let action: String
        let maySteer: Bool
    }

    private func show(_ call: OperatorCall) async throws -> Response {
        let filter = try Self.filter(try call.query())
        let plan: BulkPlan = try await call.steering(self.backends.actions) { actions, _ in
            try await actions.plan(.retry, filter)
        }
        let words = [
            filter.queue.map { "in the queue \($0)" }, filter.kind.map { "of the kind \($0)" },
            filter.code.map { "with the error \($0)" },
        ].compactMap(\.self).joined(separator: ", ")
        return try self.site.page(
            call, "redrive", title: "Run dead letters again", place: .jobs,
            Model(
                filter: Excerpt.text(words, bytes: 300), count: plan.jobs.count, hasJobs: !plan.jobs.isEmpty,
                isCutOff: plan.isCutOff, jobs: plan.jobs.prefix(Self.sample).map { JobListModel.Job($0) },
                more: plan.jobs.count > Self.sample ? plan.jobs.count - Self.sample : nil, hash: plan.hash,
                action: Self.address(filter), maySteer: call.maySteer))
    }

    private func apply(_ call: OperatorCall, _ form: ConsoleForm) async throws -> Response {
        let filter = try Self.filter(try call.query())
        guard let hash = form["hash"] else {
            throw HTTPError(.unprocessableContent, message: "The form names no plan; look at one first.")
        }
        let reason = try form.reason()
        let notice: ConsoleNotice = try await call.steering(self.backends.actions) { actions, hand in
            let report = try await actions.apply(.retry, filter, hash: hash, reason: reason, by: hand)
            return report.skipped == 0 ? .redriven : .redrivenInPart
        }
        return ConsoleSite.done(
            notice, at: JobPages.path, ["queue": filter.queue, "kind": filter.kind, "code": filter.code])
    }

    static func address(_ filter: JobListFilter) -> String {
        ConsoleAddress.text(Self.path, ["queue": filter.queue, "kind": filter.kind, "code": filter.code])
    }

    private static func filter(_ query: ConsoleForm) throws -> JobListFilter {
        var filter = try JobPages.filter(query)
        filter.state = .dead
        return filter
    }
}

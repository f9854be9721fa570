import HTTPTypes
import Hummingbird
import JobQueue
import JobQueuePostgres
import Operators
import Personalization
import PipelineJobs

/// The list of jobs and the page of one.
struct JobPages: Sendable {
    static let path = "/ops/jobs"
    private static let limit = 50

    let site: ConsoleSite
    let backends: ConsoleBackends

    var pages: [ConsolePage] {
        [
            ConsolePage("ops/jobs", get: self.list),
            ConsolePage("ops/jobs/{id}", get: self.show, post: self.steer),
        ]
    }

    static func address(of id: JobID) -> String { "\(Self.path)/\(id)" }

    private func list(_ call: OperatorCall) async throws -> Response {
        let query = try call.query()
        var filter = try Self.filter(query)
        filter.before = try query["before"].map { text in
            guard let id = JobID(text) else {
                throw HTTPError(.badRequest, message: "before is the number of a job.")
            }
            return id
        }
        let found = try await self.backends.jobs.jobs(filter, limit: Self.limit + 1)
        return try self.site.page(
            call, "jobs", title: "Jobs", place: .jobs, isLive: true,
            JobListModel(found, filter, limit: Self.limit, maySteer: call.maySteer))
    }

    /// Reads the filter of an address or of a form.
    /// - Throws: `HTTPError` 400 for a state that there is not.
    static func filter(_ query: ConsoleForm) throws -> JobListFilter {
        let state = try query["state"].map { text in
            guard let state = JobSnapshot.State(rawValue: text) else {
                throw HTTPError(.badRequest, message: "There is no such state of a job.")
            }
            return state
        }
        return JobListFilter(queue: query["queue"], kind: query["kind"], state: state, code: query["code"])
    }

    private func show(_ call: OperatorCall) async throws -> Response {
        let id = try Self.id(call)
        let inspector = self.backends.inspector
        async let reasons = inspector.explain(id)
        async let acts = self.backends.audit.lines(subject: "job \(id)", limit: 10)
        async let record = inspector.record(of: id)
        async let course = inspector.course(of: id)
        guard let snapshot = try await inspector.snapshot(of: id) else {
            throw HTTPError(
                .notFound, message: "There is no job \(id); what is over is kept for a limited time.")
        }
        var model = JobModel(snapshot, try await record, try await course, viewer: call.who)
        model.explain(try await reasons, acts: try await acts)
        if let accepted = try await record?.enqueuedAt {
            let ended = try await course.endedAt
            model.add(try await self.backends.ledger.cost(ofJob: id.rawValue, from: accepted, to: ended))
        }
        return try self.site.page(call, "job", title: "Job \(id)", place: .jobs, isLive: true, model)
    }

    private func steer(_ call: OperatorCall, _ form: ConsoleForm) async throws -> Response {
        let id = try Self.id(call)
        let notice: ConsoleNotice = try await call.steering(self.backends.actions) { actions, hand in
            switch form["action"] {
            case "retry":
                try await actions.retry(id, by: hand)
                return .retried
            case "cancel":
                return try await actions.cancel(id, reason: try form.remark(), by: hand) == .requested
                    ? .stopping : .cancelled
            case "discard":
                try await actions.discard(id, reason: try form.reason(), by: hand)
                return .discarded
            default: throw ConsoleForm.unknownAction
            }
        }
        return ConsoleSite.done(notice, at: Self.address(of: id))
    }

    static func id(_ call: OperatorCall) throws -> JobID {
        guard let id = call.parameters.get("id").flatMap({ JobID($0) }) else {
            throw HTTPError(.notFound, message: "There is no such job.")
        }
        return id
    }
}

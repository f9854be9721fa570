import FoundationEssentials
import HTTPTypes
import Hummingbird
import JobQueue
import JobQueuePostgres
import Operators

extension OperatorAPI {
    var jobRoutes: [(path: String, handlers: [HTTPRequest.Method: OperatorHandler])] {
        [
            ("/api/ops/v1/jobs", [.get: OperatorHandler(.read, body: self.listJobs)]),
            ("/api/ops/v1/jobs/{id}", [.get: OperatorHandler(.read, body: self.showJob)]),
            ("/api/ops/v1/jobs/{id}/retry", [.post: OperatorHandler(.steer, body: self.retryJob)]),
            ("/api/ops/v1/jobs/{id}/cancel", [.post: OperatorHandler(.steer, body: self.cancelJob)]),
            ("/api/ops/v1/jobs/{id}/discard", [.post: OperatorHandler(.steer, body: self.discardJob)]),
            ("/api/ops/v1/jobs:plan", [.post: OperatorHandler(.read, body: self.planJobs)]),
            ("/api/ops/v1/jobs:apply", [.post: OperatorHandler(.steer, body: self.applyJobs)]),
        ]
    }

    private func listJobs(_ call: OperatorCall) async throws -> Response {
        let query = call.request.uri.queryParameters
        var filter = try Self.filter(
            queue: query["queue"].map(String.init), kind: query["kind"].map(String.init),
            state: query["state"].map(String.init), code: query["code"].map(String.init))
        let size = min(max(1, try Self.number(query, "page_size").map { Int(clamping: $0) } ?? 50), 200)
        filter.before = try Self.number(query, "page_token").map(JobID.init(rawValue:))
        // One more than asked for tells whether there is a next page.
        let jobs = try await self.parts.jobs.jobs(filter, limit: size + 1)
        let page = JobPage(
            jobs: jobs.prefix(size).map(JobRow.init),
            next_page_token: jobs.count > size ? jobs[size - 1].id.description : nil)
        var headers: HTTPFields = [:]
        if let link = HTTPField.Name("Link"), let next = page.next_page_token {
            let kept = query.filter { $0.key != "page_token" }.map { "\($0.key.queryEscaped)=\($0.value.queryEscaped)" }
            let address = (kept + ["page_token=\(next)"]).joined(separator: "&")
            headers[link] = "</api/ops/v1/jobs?\(address)>; rel=\"next\""
        }
        return try Self.answer(page, headers: headers)
    }

    private func showJob(_ call: OperatorCall) async throws -> Response {
        let id = try Self.job(call)
        guard let snapshot = try await self.parts.inspector.snapshot(of: id) else {
            throw HTTPError(.notFound, message: "There is no such job; what is over is kept for a limited time.")
        }
        let (record, reasons) = (
            try await self.parts.inspector.record(of: id), try await self.parts.inspector.explain(id)
        )
        return try Self.answer(JobDetail(snapshot, record, reasons, for: call.who.role))
    }

    private struct ReasonOrder: Decodable {
        var reason: String?
    }

    private func retryJob(_ call: OperatorCall) async throws -> Response {
        let id = try Self.job(call)
        return try await Self.steering {
            try Self.answer(["result": try await self.parts.actions.retry(id, by: call.hand).rawValue])
        }
    }

    private func cancelJob(_ call: OperatorCall) async throws -> Response {
        let id = try Self.job(call)
        return try await Self.steering {
            let result = try await self.parts.actions.cancel(id, by: call.hand)
            return try Self.answer(["result": result == .cancelled ? "cancelled" : "requested"], .accepted)
        }
    }

    private func discardJob(_ call: OperatorCall) async throws -> Response {
        let id = try Self.job(call)
        let reason = try Self.required(reason: try await Self.body(ReasonOrder.self, of: call).reason)
        return try await Self.steering {
            try await self.parts.actions.discard(id, reason: reason, by: call.hand)
            return Response(status: .noContent)
        }
    }

    // Many at once

    private struct BulkOrder: Decodable {
        var action: String
        var queue: String?
        var kind: String?
        var state: String?
        var code: String?
        var hash: String?
        var reason: String?
    }

    private struct PlanAnswer: Encodable {
        var action: String
        var count: Int
        var cut_off: Bool
        var hash: String
        var sample: [JobRow]
    }

    private struct ApplyAnswer: Encodable {
        var done: Int
        var skipped: Int
    }

    private func planJobs(_ call: OperatorCall) async throws -> Response {
        let (action, filter, _) = try await Self.bulk(call)
        return try await Self.steering {
            let plan = try await self.parts.actions.plan(action, filter)
            return try Self.answer(
                PlanAnswer(
                    action: action.rawValue, count: plan.jobs.count, cut_off: plan.isCutOff, hash: plan.hash,
                    sample: plan.jobs.prefix(20).map(JobRow.init)))
        }
    }

    private func applyJobs(_ call: OperatorCall) async throws -> Response {
        let (action, filter, order) = try await Self.bulk(call)
        let reason = try Self.required(reason: order.reason)
        guard let hash = order.hash else {
            throw HTTPError(.unprocessableContent, message: "hash is the one of a plan of the same action and filter.")
        }
        return try await Self.steering {
            let report = try await self.parts.actions.apply(action, filter, hash: hash, reason: reason, by: call.hand)
            return try Self.answer(ApplyAnswer(done: report.done, skipped: report.skipped))
        }
    }

    private static func bulk(_ call: OperatorCall) async throws -> (BulkAction, JobListFilter, BulkOrder) {
        let order = try await Self.body(BulkOrder.self, of: call)
        guard let action = BulkAction(rawValue: order.action) else {
            let names = BulkAction.allCases.map(\.rawValue).joined(separator: ", ")
            throw HTTPError(.unprocessableContent, message: "action is one of \(names).")
        }
        let filter = try Self.filter(queue: order.queue, kind: order.kind, state: order.state, code: order.code)
        return (action, filter, order)
    }

    private static func required(reason: String?) throws -> String {
        try Self.check(reason: reason)
        guard let reason else {
            throw HTTPError(.unprocessableContent, message: "reason says why, in a sentence for the record.")
        }
        return reason
    }

    private static func filter(queue: String?, kind: String?, state: String?, code: String?) throws -> JobListFilter {
        guard [queue, kind, code].allSatisfy({ ($0 ?? "").utf8.count <= 200 && !($0 ?? "").utf8.contains(0) }) else {
            throw HTTPError(.unprocessableContent, message: "queue, kind and code have at most 200 bytes.")
        }
        let known = try state.map { name in
            guard let state = JobSnapshot.State(rawValue: name) else {
                throw HTTPError(.unprocessableContent, message: "There is no such state of a job.")
            }
            return state
        }
        return JobListFilter(queue: queue, kind: kind, state: known, code: code)
    }

    private static func job(_ call: OperatorCall) throws -> JobID {
        guard let id = call.parameters.get("id").flatMap(Int64.init) else {
            throw HTTPError(.notFound, message: "There is no such job.")
        }
        return JobID(rawValue: id)
    }
}

extension Substring {
    /// The value of a query's parameter (RFC 3986, section 3.4), everything but unreserved characters encoded.
    fileprivate var queryEscaped: String {
        self.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

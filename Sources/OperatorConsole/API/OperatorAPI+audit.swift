import HTTPTypes
import Hummingbird
import JobQueuePostgres
import Operators

extension OperatorAPI {
    var auditRoutes: [(path: String, handlers: [HTTPRequest.Method: OperatorHandler])] {
        [
            ("/api/ops/v1/audit", [.get: OperatorHandler(.read, body: self.listAudit)]),
            ("/api/ops/v1/budgets", [.get: OperatorHandler(.read, body: self.listBudgets)]),
        ]
    }

    private func listAudit(_ call: OperatorCall) async throws -> Response {
        let query = call.request.uri.queryParameters
        let subject = query["subject"].map(String.init)
        guard (subject ?? "").utf8.count <= 1_000, !(subject ?? "").utf8.contains(0) else {
            throw HTTPError(.unprocessableContent, message: "subject has at most 1,000 bytes.")
        }
        let size = min(max(1, try Self.number(query, "page_size").map { Int(clamping: $0) } ?? 50), 200)
        let lines = try await self.audit.lines(
            before: try Self.number(query, "page_token"), subject: subject, limit: size)
        return try Self.answer(["lines": lines.map(AuditLineReport.init)])
    }

    private struct Budget: Encodable {
        var scope: String
        var period: String
        var cap_micros: Int64
        var spent_micros: Int64
        var held_micros: Int64
        var waiting: Int

        init(_ budget: JobBudgets.Status) {
            self.scope = budget.scope
            self.period = budget.period.rawValue
            self.cap_micros = budget.capMicros
            self.spent_micros = budget.spentMicros
            self.held_micros = budget.heldMicros
            self.waiting = budget.waiting
        }
    }

    private func listBudgets(_: OperatorCall) async throws -> Response {
        try Self.answer(["budgets": try await self.parts.budgets.list().map(Budget.init)])
    }
}

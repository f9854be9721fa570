import Hummingbird
import Operators

/// What operators did.
struct AuditPage: Sendable {
    private static let path = "/ops/audit"
    private static let limit = 40

    let site: ConsoleSite
    let backends: ConsoleBackends

    var pages: [ConsolePage] { [ConsolePage("ops/audit", get: self.show)] }

    private struct Model {
        let subject: String
        let acts: [AuditRow]
        let hasActs: Bool
        /// The address of the next page; `nil` on the last.
        let next: String?
    }

    private func show(_ call: OperatorCall) async throws -> Response {
        let query = try call.query()
        let before = try query["before"].map { text in
            guard let id = Int64(text) else { throw HTTPError(.badRequest, message: "before is the number of a line.") }
            return id
        }
        let subject = query["subject"]
        let lines = try await self.backends.audit.lines(before: before, subject: subject, limit: Self.limit + 1)
        let shown = lines.prefix(Self.limit)
        let next = ConsoleAddress.text(Self.path, ["subject": subject, "before": shown.last.map { "\($0.id)" }])
        return try self.site.page(
            call, "audit", title: "Audit", place: .audit,
            Model(
                subject: Excerpt.text(subject ?? "", bytes: 300), acts: shown.map { AuditRow($0) },
                hasActs: !shown.isEmpty, next: lines.count > Self.limit ? next : nil))
    }
}

/// A line of the audit log, as pages print it.
struct AuditRow: Sendable {
    let id: String
    let time: String
    let actor: String
    let action: String
    let subject: String
    let outcome: String
    let text: String

    init(_ line: AuditLine) {
        self.id = "\(line.id)"
        self.time = Excerpt.time(line.at)
        self.actor = Excerpt.text("\(line.actor), \(line.role)", bytes: 100)
        self.action = Excerpt.text(line.act.action, bytes: 60)
        self.subject = Excerpt.text(line.act.subject, bytes: 80)
        self.outcome = line.about.map { "\(line.outcome.rawValue) (of \($0))" } ?? line.outcome.rawValue
        let words = [line.act.reason, line.act.detail].compactMap(\.self).joined(separator: " ")
        self.text = Excerpt.text(words, bytes: 200)
    }
}

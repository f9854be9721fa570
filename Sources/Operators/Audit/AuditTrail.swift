public import Postgres

/// The append-only record of what operators did.
///
/// Every act is written down before it is tried and again with its outcome, so that nothing happens without a trace,
/// whatever dies in between. Errors are those of the database; an act that could not be written down is not done.
public struct AuditTrail: Sendable {
    private static let patience: Duration = .seconds(5)
    /// The most lines of one page.
    public static let maximumLimit = 1_000

    let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// Writes the act down, does it, and writes its outcome down.
    ///
    /// - Parameter detail: the outcome in JSON text, for the log.
    /// - Throws: what `body` threw, after a line that says so.
    public func recording<T: Sendable>(
        _ act: OperatorAct, by who: Operator, requestID: String? = nil,
        detail: (T) -> String? = { _ in nil }, _ body: () async throws -> T
    ) async throws -> T {
        let asked = try await self.append(act, .asked, by: who, requestID: requestID)
        let result: T
        do {
            result = try await body()
        } catch {
            var failed = act
            failed.detail = AuditTrail.text(of: error)
            _ = try await self.append(failed, .failed, about: asked, by: who, requestID: requestID)
            throw error
        }
        var done = act
        done.detail = detail(result)
        _ = try await self.append(done, .done, about: asked, by: who, requestID: requestID)
        return result
    }

    /// Writes down that somebody was not let.
    public func refused(_ act: OperatorAct, by who: Operator, requestID: String? = nil) async throws {
        _ = try await self.append(act, .refused, by: who, requestID: requestID)
    }

    /// Lines from the newest on, those before `id` only.
    ///
    /// - Parameters:
    ///   - subject: only lines of this subject, such as `job 17`.
    ///   - limit: from 1 to ``maximumLimit``; what lies outside is taken to the nearest of them.
    public func lines(before id: Int64? = nil, subject: String? = nil, limit: Int = 50) async throws -> [AuditLine] {
        // Walks the primary key, or the index on the subject.
        let rows =
            if let subject {
                try await self.database.query(
                    """
                    SELECT * FROM lectern.audit WHERE subject = \(subject) AND id < \(id ?? .max)
                    ORDER BY id DESC LIMIT \(Int32(min(max(1, limit), Self.maximumLimit)))
                    """, timeout: Self.patience)
            } else {
                try await self.database.query(
                    """
                    SELECT * FROM lectern.audit WHERE id < \(id ?? .max)
                    ORDER BY id DESC LIMIT \(Int32(min(max(1, limit), Self.maximumLimit)))
                    """, timeout: Self.patience)
            }
        return try rows.map(AuditLine.init)
    }

    private func append(
        _ act: OperatorAct, _ outcome: AuditLine.Outcome, about: Int64? = nil, by who: Operator, requestID: String?
    ) async throws -> Int64 {
        let row = try await self.database.queryOne(
            """
            SELECT lectern.audit_append(\(who.name), \(who.role.rawValue), \(act.action), \(act.subject),
                                        \(outcome.rawValue), \(about)::int8, \(act.reason), \(act.detail),
                                        \(requestID)) AS id
            """, timeout: Self.patience)
        guard let row else {
            throw PostgresError(code: .unexpectedAnswer, message: "a line of the audit log was not answered")
        }
        return try row.decode("id")
    }

    /// The kind of an error only: its words may hold what does not belong into the log.
    private static func text(of error: any Error) -> String { #"{"error":"\#(type(of: error))"}"# }
}

extension AuditLine {
    init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode("id"), at: try row.decode("at"), actor: try row.decode("actor"),
            role: try row.decode("role"),
            act: OperatorAct(
                try row.decode("action"), on: try row.decode("subject"), reason: try row.decode("reason"),
                detail: try row.decode("detail")),
            outcome: try row.decode("outcome"), about: try row.decode("about"),
            requestID: try row.decode("request_id"), previous: try row.decode("previous"),
            hash: try row.decode("hash"))
    }
}

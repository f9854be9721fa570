import ContentHashing
public import FoundationEssentials
public import JobQueue
public import JobQueuePostgres
import PipelineJobs
public import Postgres

/// How an operation ended, as receivers are told.
enum WebhookOutcome: String, Hashable, Sendable {
    case succeeded = "personalization.succeeded"
    case failed = "personalization.failed"
}

/// Who wants to be told of the end of which operation.
///
/// Wishes and deliveries meet under one lock for each job, held until the end of the transaction: a wish is either seen
/// by the transaction that ends the operation, or finds the operation ended and is fulfilled at once.
public enum WebhookRequests {
    /// Notes a wish. The operation must be filed, at the latest earlier in the same transaction.
    public static func file(operation: UUID, endpoint: String, in session: some PostgresSession) async throws {
        guard let jobID = try await self.job(of: operation, in: session) else { return }
        try await self.lock(jobID, in: session)
        _ = try await session.execute(
            """
            INSERT INTO lectern.operation_webhook (operation_id, endpoint, job_id)
            VALUES (\(operation), \(endpoint), \(jobID)) ON CONFLICT DO NOTHING
            """)
    }

    /// Enqueues what was wished for operations of a job, each once. Called in the transaction that ends them, after the
    /// rows were written: an operation whose row is ready succeeded, any other failed or was withdrawn.
    /// - Parameters:
    ///   - operation: the only one that ended; `nil` where the job did, and with it all of them.
    ///   - at: when they ended, by the clock of whoever ends them.
    /// - Returns: how many deliveries were enqueued.
    @discardableResult
    public static func enqueueDeliveries(
        jobID: JobID, operation: UUID? = nil, at: Date, in transaction: JobTransaction
    ) async throws -> Int {
        try await self.lock(jobID.rawValue, in: transaction)
        let rows = try await transaction.query(
            """
            WITH wish AS (
                DELETE FROM lectern.operation_webhook WHERE job_id = \(jobID.rawValue)
                  AND (\(operation as UUID?)::uuid IS NULL OR operation_id = \(operation as UUID?))
                RETURNING operation_id, endpoint
            )
            SELECT w.operation_id, w.endpoint, o.lesson_slug, EXISTS (
                SELECT FROM lectern.personalized_lesson p
                WHERE p.user_id = o.user_id AND p.operation_id = o.id AND p.state = 'ready') AS is_ready
            FROM wish w JOIN lectern.operation o ON o.id = w.operation_id ORDER BY w.operation_id, w.endpoint
            """)
        let deliveries = try rows.map { row in
            self.delivery(
                to: try row.decode("endpoint"), of: try row.decode("operation_id"),
                lessonSlug: try row.decode("lesson_slug"),
                outcome: try row.decode("is_ready", as: Bool.self) ? .succeeded : .failed, at: at)
        }
        try await transaction.enqueue(all: deliveries)
        return deliveries.count
    }

    /// A wish that stands.
    struct Wish: Hashable, Sendable {
        var operationID: UUID
        var endpoint: String
        var jobID: JobID
        /// Whether the operation's row waits for a text.
        var isPending: Bool

        static let beforeAll = Wish(
            operationID: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), endpoint: "",
            jobID: JobID(rawValue: 0), isPending: false)
    }

    /// The wishes that follow one, by operation and endpoint.
    static func wishes(
        after last: Wish, atMost limit: Int, in session: some PostgresSession
    ) async throws -> [Wish] {
        try await session.query(
            """
            SELECT w.operation_id, w.endpoint, w.job_id, EXISTS (
                SELECT FROM lectern.personalized_lesson p
                WHERE p.user_id = o.user_id AND p.operation_id = o.id AND p.state = 'pending') AS is_pending
            FROM lectern.operation_webhook w JOIN lectern.operation o ON o.id = w.operation_id
            WHERE (w.operation_id, w.endpoint) > (\(last.operationID), \(last.endpoint))
            ORDER BY w.operation_id, w.endpoint LIMIT \(limit)
            """
        ).map { row in
            Wish(
                operationID: try row.decode("operation_id"), endpoint: try row.decode("endpoint"),
                jobID: JobID(rawValue: try row.decode("job_id")), isPending: try row.decode("is_pending"))
        }
    }

    /// The job that tells one receiver of one operation.
    static func delivery(
        to endpoint: String, of operation: UUID, lessonSlug: String, outcome: WebhookOutcome, at: Date
    ) -> DeliverWebhook {
        let id = operation.uuidString.lowercased()
        return DeliverWebhook(
            endpoint: endpoint, eventID: self.eventID(of: id), type: outcome.rawValue, operationID: id,
            lessonSlug: lessonSlug, at: Int64(at.timeIntervalSince1970.rounded(.down)))
    }

    /// The same for the same operation, so that a repeated delivery is recognised; says nothing about its id.
    static func eventID(of operation: String) -> String {
        "msg_" + SHA256Hex.of("webhook:\(operation)").prefix(32)
    }

    static func job(of operation: UUID, in session: some PostgresSession) async throws -> Int64? {
        try await session.queryOne("SELECT job_id FROM lectern.operation WHERE id = \(operation)")?.decode("job_id")
    }

    private static func lock(_ jobID: Int64, in session: some PostgresSession) async throws {
        let name = "webhook:\(jobID)"
        _ = try await session.query("SELECT pg_advisory_xact_lock(hashtextextended(\(name), 0))", timeout: nil)
    }
}

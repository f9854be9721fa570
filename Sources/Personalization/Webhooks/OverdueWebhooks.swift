public import FoundationEssentials
public import JobQueuePostgres
public import Postgres

/// Fulfils wishes that nobody did: the job died with its worker, or the request was withdrawn.
///
/// Whoever ends an operation with a word tells of it in the same transaction. What is left is looked at here, again and
/// again. Two that look at once tell once, since a wish goes with its delivery.
public struct OverdueWebhooks: Sendable {
    private let queue: PostgresJobQueue
    private let database: PostgresClient
    private let inspector: JobInspector
    private let now: @Sendable () -> Date

    /// Wishes that are read at a time.
    static let page = 200

    /// A sweep over the shared client and queue.
    /// - Parameter now: dates the ends that were found.
    public init(
        database: PostgresClient, queue: PostgresJobQueue, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.queue = queue
        self.database = database
        self.inspector = JobInspector(database: database)
        self.now = now
    }

    /// The sweep as the leader's duty.
    public func duty() -> LeaderDuty {
        LeaderDuty("overdue_webhooks", every: .seconds(10)) {
            try await self.sweep()
            return nil
        }
    }

    /// Looks at every wish once.
    /// - Returns: how many deliveries were enqueued.
    @discardableResult
    public func sweep() async throws -> Int {
        var (told, last) = (0, WebhookRequests.Wish.beforeAll)
        while true {
            let wishes = try await WebhookRequests.wishes(after: last, atMost: Self.page, in: self.database)
            for wish in wishes where try await self.isOver(wish) {
                told += try await self.queue.withTransaction { transaction in
                    try await WebhookRequests.enqueueDeliveries(
                        jobID: wish.jobID, operation: wish.operationID, at: self.now(), in: transaction)
                }
            }
            guard wishes.count == Self.page, let end = wishes.last else { return told }
            last = end
        }
    }

    /// A row that waits for a job that is under way is not over; everything else is.
    private func isOver(_ wish: WebhookRequests.Wish) async throws -> Bool {
        guard wish.isPending else { return true }
        return try await self.inspector.snapshot(of: wish.jobID)?.isFinal ?? true
    }
}

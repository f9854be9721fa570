public import FoundationEssentials
import JobQueue
public import JobQueuePostgres

/// Takes callers' wishes to be told of the end of an operation.
public struct WebhookDesk: Sendable {
    private let names: Set<String>
    private let queue: PostgresJobQueue
    private let now: @Sendable () -> Date

    /// A desk for these receivers.
    /// - Parameters:
    ///   - names: of the endpoints in the operator's file.
    ///   - now: dates events whose end was seen here.
    public init(names: some Sequence<String>, queue: PostgresJobQueue, now: @escaping @Sendable () -> Date = { Date() })
    {
        self.names = Set(names)
        self.queue = queue
        self.now = now
    }

    /// Whether the operator entered a receiver of this name.
    public func knows(_ name: String) -> Bool {
        self.names.contains(name)
    }

    /// Sees to it that the receiver is told once of the end of an operation.
    /// - Parameter state: how the operation stands. It is asked after the wish was noted: an operation that had ended by
    ///   then is reported at once.
    public func tell(
        _ endpoint: String, of operation: UUID,
        state: @Sendable () async throws -> PersonalizationOperation.State
    ) async throws {
        try await self.queue.withTransaction { transaction in
            try await WebhookRequests.file(operation: operation, endpoint: endpoint, in: transaction)
        }
        switch try await state() {
        case .queued, .running: return
        case .succeeded, .failed, .cancelled: break
        }
        let now = self.now()
        try await self.queue.withTransaction { transaction in
            guard let job = try await WebhookRequests.job(of: operation, in: transaction) else { return }
            try await WebhookRequests.enqueueDeliveries(
                jobID: JobID(rawValue: job), operation: operation, at: now, in: transaction)
        }
    }
}

public import JobQueue
public import Logging
public import Postgres

/// The queue's tables as a worker uses them. Every statement is correct through a transaction-pooling PgBouncer.
public final class PostgresJobStore: JobStore {
    public typealias Transaction = JobTransaction

    private let database: PostgresClient
    private let queue: PostgresJobQueue
    private let logger: Logger
    public let wakeUps: AsyncStream<String>
    private let wakeUpSource: AsyncStream<String>.Continuation

    /// - Parameter queue: used to wake other workers after a job's own enqueues.
    public init(database: PostgresClient, queue: PostgresJobQueue, logger: Logger) {
        self.database = database
        self.queue = queue
        self.logger = logger
        (self.wakeUps, self.wakeUpSource) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    /// Passes on what a listener on ``wakeUpChannel`` hears, until the listener ends.
    public func forward(_ listener: PostgresListener) async {
        for await event in listener.events {
            switch event {
            case .notification(_, let payload): self.wakeUpSource.yield(payload)
            // Whatever was said while nobody listened is lost, so every queue is looked at once.
            case .connected: self.wakeUpSource.yield("")
            case .disconnected: break
            }
        }
    }

    /// The channel on which queues are named that have something to do.
    public static var wakeUpChannel: String { QueueWaker.channel }

    public func register(_ worker: WorkerDescription) async throws -> WorkerID {
        let row = try await self.database.queryOne(
            """
            INSERT INTO lectern.worker (name, queues, slots)
            VALUES (\(worker.name), \(worker.queues), \(worker.slots)) RETURNING id
            """)
        guard let row else { throw StoreError(description: "the worker's row was not returned") }
        return WorkerID(rawValue: try row.decode("id"))
    }

    public func unregister(_ worker: WorkerID) async throws {
        _ = try await self.database.execute(
            """
            DELETE FROM lectern.worker w WHERE id = \(worker.rawValue)
              AND NOT EXISTS (SELECT FROM lectern.lease WHERE worker = w.id)
            """)
    }

    public func heartbeat(_ worker: WorkerID, running: Int, isDraining: Bool) async throws -> HeartbeatReply {
        // The update keeps to the row's page (no index on what it changes); the leases come by lease_worker.
        let row = try await self.database.queryOne(
            """
            WITH beat AS (
              UPDATE lectern.worker SET seen_at = now(), running = \(running), draining = \(isDraining)
              WHERE id = \(worker.rawValue) RETURNING id
            )
            SELECT EXISTS (SELECT FROM beat) AS known,
                   ARRAY(SELECT job_id FROM lectern.lease
                         WHERE worker = \(worker.rawValue) AND cancel_requested) AS cancelled
            """)
        guard let row else { throw StoreError(description: "the heartbeat was not answered") }
        let cancelled = try row.decode("cancelled", as: [Int64].self)
        return HeartbeatReply(
            isKnown: try row.decode("known"), cancelRequested: cancelled.map { JobID(rawValue: $0) })
    }

    public func claim(queue: String, limit: Int, worker: WorkerID) async throws -> [ClaimedJob] {
        try await self.database.query(.claim(queue: queue, limit: limit, worker: worker)).map { row in
            ClaimedJob(
                lease: JobLease(
                    jobID: JobID(rawValue: try row.decode("job_id")), token: try row.decode("token")),
                kind: try row.decode("kind"), queue: queue, arguments: try row.decode("args"),
                attempt: try row.decode("attempt"), maxAttempts: try row.decode("max_attempts"),
                timeout: .milliseconds(try row.decode("timeout_ms", as: Int64.self)),
                uniqueKey: try row.decode("unique_key"), trace: try row.decode("trace"),
                waited: .milliseconds(try row.decode("wait_ms", as: Int64.self)))
        }
    }

    public func end(_ endings: [JobEnding]) async throws -> Set<JobLease> {
        guard !endings.isEmpty else { return [] }
        let rows = try await self.database.query(.end(endings))
        return try Set(
            rows.map {
                JobLease(jobID: JobID(rawValue: try $0.decode("job_id")), token: try $0.decode("token"))
            })
    }

    public func end(
        _ ending: JobEnding, commit: @escaping @Sendable (JobTransaction) async throws -> Void
    ) async throws -> Bool {
        do {
            try await self.queue.withTransaction { transaction in
                // The fence first: its row lock keeps a rescue away until everything is written.
                guard try await transaction.query(.end([ending]), timeout: nil).isEmpty == false else {
                    throw LeaseLost()
                }
                try await commit(transaction)
            }
            return true
        } catch is LeaseLost {
            return false
        }
    }

    public func promoteDue(limit: Int) async throws -> (promoted: Int, nextDue: Duration?) {
        let row = try await self.database.queryOne(.promoteDue(limit: limit))
        guard let row else { return (0, nil) }
        let next = try row.decode("next_ms", as: Int64?.self)
        return (try row.decode("promoted"), next.map { .milliseconds(max(0, $0)) })
    }

    public func rescue(silence: Duration) async throws -> RescueReport {
        try await self.database.withTransaction { connection in
            // One sweeper at a time; whoever comes second has nothing to add.
            let isMine = try await connection.queryOne(
                "SELECT pg_try_advisory_xact_lock(hashtextextended('lectern.rescue', 0)) AS mine")
            guard try isMine?.decode("mine", as: Bool.self) == true else { return RescueReport() }
            let row = try await connection.queryOne(.rescue(silence: silence))
            guard let row else { return RescueReport() }
            return RescueReport(
                lostWorkers: try row.decode("lost"), requeued: try row.decode("requeued"),
                discarded: try row.decode("discarded"))
        }
    }

    public func isTransient(_ error: any Error) -> Bool {
        (error as? PostgresError)?.isTransient ?? false
    }

    private struct LeaseLost: Error {}

    private struct StoreError: Error, CustomStringConvertible {
        let description: String
    }
}

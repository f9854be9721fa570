public import JobQueue
public import Logging
public import Postgres
import Synchronization

/// The enqueuing side of the queue.
///
/// A job is stored in the caller's transaction, so it exists exactly when the caller's other writes do. Workers are
/// woken after the commit; ``withTransaction(timeout:_:)`` does both.
public final class PostgresJobQueue: Sendable {
    /// The largest stored form of a job's arguments, in bytes of JSON.
    public static let maximumArgumentBytes = 256 * 1024

    private let database: PostgresClient
    private let waker: QueueWaker
    private let logger: Logger

    public init(database: PostgresClient, logger: Logger) {
        self.database = database
        self.waker = QueueWaker(database: database, logger: logger)
        self.logger = logger
    }

    /// Runs `body` in one transaction and wakes the workers of every queue it enqueued into once that is committed.
    public func withTransaction<T: Sendable>(
        timeout: Duration? = nil, _ body: @Sendable (JobTransaction) async throws -> T
    ) async throws -> T {
        let touched = TouchedQueues()
        let result = try await self.database.withTransaction(timeout: timeout) { connection in
            try await body(JobTransaction(connection: connection, touched: touched))
        }
        await self.wake(touched.names)
        return result
    }

    /// Stores one job in a transaction of its own.
    public func enqueue<Arguments: JobArguments>(
        _ arguments: Arguments, options: EnqueueOptions = EnqueueOptions()
    ) async throws -> EnqueuedJob {
        let row = try JobRow(arguments, options: options)
        let enqueued = try await JobTransaction.store([row], in: self.database)
        if row.delayMilliseconds == 0, enqueued[0].isNew { await self.wake([row.queue]) }
        return enqueued[0]
    }

    /// Stores jobs in a transaction of their own, all or none. Answers in the order of the arguments.
    public func enqueue<Arguments: JobArguments>(
        all arguments: [Arguments], options: EnqueueOptions = EnqueueOptions()
    ) async throws -> [EnqueuedJob] {
        guard !arguments.isEmpty else { return [] }
        return try await self.withTransaction { transaction in
            try await transaction.enqueue(all: arguments, options: options)
        }
    }

    /// Tells workers that there may be work. Needed only after an enqueue in a foreign transaction.
    public func wake(_ queues: some Sequence<String> & Sendable) async {
        await self.waker.wake(queues)
    }
}

/// A transaction that can enqueue.
public struct JobTransaction: PostgresSession {
    /// The connection that holds the transaction.
    public let connection: PostgresConnection
    private let touched: TouchedQueues

    init(connection: PostgresConnection, touched: TouchedQueues) {
        self.connection = connection
        self.touched = touched
    }

    public func query(_ sql: SQL, timeout: Duration?) async throws -> [PostgresRow] {
        try await self.connection.query(sql, timeout: timeout)
    }

    public func execute(_ sql: SQL, timeout: Duration?) async throws -> Int {
        try await self.connection.execute(sql, timeout: timeout)
    }

    /// Stores a job that exists if and only if this transaction commits.
    @discardableResult
    public func enqueue<Arguments: JobArguments>(
        _ arguments: Arguments, options: EnqueueOptions = EnqueueOptions()
    ) async throws -> EnqueuedJob {
        try await self.enqueue(all: [arguments], options: options)[0]
    }

    /// Stores jobs that exist if and only if this transaction commits. Answers in the order of the arguments.
    @discardableResult
    public func enqueue<Arguments: JobArguments>(
        all arguments: [Arguments], options: EnqueueOptions = EnqueueOptions()
    ) async throws -> [EnqueuedJob] {
        guard !arguments.isEmpty else { return [] }
        let rows = try arguments.map { try JobRow($0, options: options) }
        let enqueued = try await Self.store(rows, in: self.connection)
        for row in rows where row.delayMilliseconds == 0 { self.touched.add(row.queue) }
        return enqueued
    }

    static func store(_ rows: [JobRow], in session: some PostgresSession) async throws -> [EnqueuedJob] {
        var jobs = [EnqueuedJob?](repeating: nil, count: rows.count)
        var open = Array(rows.indices)
        // A key that is taken when we insert and free when we look belongs to a job that ended in between. Each
        // round needs another such job, so the bound is never met by chance.
        for _ in 0..<50 {
            for row in try await session.query(.enqueue(open.map { rows[$0] }), timeout: nil) {
                let position = open[try row.decode("n", as: Int.self) - 1]
                jobs[position] = EnqueuedJob(id: JobID(rawValue: try row.decode("id")), isNew: true)
            }
            open = open.filter { jobs[$0] == nil }
            if open.isEmpty { return jobs.compactMap { $0 } }
            let keys = open.compactMap { rows[$0].uniqueKey }
            var holders: [String: JobID] = [:]
            // The lock keeps the job from ending before this transaction does: whatever the caller writes for the job
            // it joined, the job's own last transaction sees. Keys in order, by the primary key.
            for row in try await session.query(
                "SELECT key, job_id FROM lectern.flight WHERE key = ANY(\(keys)) ORDER BY key FOR KEY SHARE",
                timeout: nil)
            {
                holders[try row.decode("key")] = JobID(rawValue: try row.decode("job_id"))
            }
            open = open.filter { position in
                guard let key = rows[position].uniqueKey, let holder = holders[key] else { return true }
                jobs[position] = EnqueuedJob(id: holder, isNew: false)
                return false
            }
            if open.isEmpty { return jobs.compactMap { $0 } }
        }
        throw EnqueueError(code: .contended, description: "a unique key changed hands too often to be joined")
    }
}

/// The queues that a transaction put runnable jobs into.
final class TouchedQueues: Sendable {
    private let queues = Mutex<Set<String>>([])

    var names: Set<String> { self.queues.withLock { $0 } }

    func add(_ queue: String) { self.queues.withLock { _ = $0.insert(queue) } }
}

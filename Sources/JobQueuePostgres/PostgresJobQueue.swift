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
        self.wake(touched.names)
        return result
    }

    /// Stores one job in a transaction of its own.
    public func enqueue<Arguments: JobArguments>(
        _ arguments: Arguments, options: EnqueueOptions = EnqueueOptions()
    ) async throws -> EnqueuedJob {
        // Most requests for a hot key find its job under way; they read one row and write nothing.
        if let key = arguments.uniqueKey, options.isOrdinary,
            let live = try await self.database.queryOne(
                .liveJob(key, lane: (options.lane ?? Arguments.definition.lane).rawValue)),
            let id = try live.decode(0, as: Int64?.self)
        {
            return EnqueuedJob(id: JobID(rawValue: id), outcome: .joined)
        }
        let rows = try JobRow.rows([arguments], options: options)
        if rows[0].isPlain { return try await self.enqueue(plain: rows[0]) }
        let enqueued = try await Self.retryingDeadlocks { try await JobTransaction.store(rows, in: self.database) }
        if rows[0].delayMilliseconds == 0, enqueued[0].isNew { self.wake([rows[0].queue]) }
        return enqueued[0]
    }

    private func enqueue(plain row: JobRow) async throws -> EnqueuedJob {
        guard self.waker.takeTurn(row.queue) else {
            let job = try JobTransaction.enqueued(try await self.database.queryOne(.enqueuePlain(row)))
            self.wake([row.queue])
            return job
        }
        do {
            return try JobTransaction.enqueued(try await self.database.queryOne(.enqueueAndWake(row)))
        } catch {
            // It may have been stored all the same, and others relied on this wake-up.
            self.wake([row.queue])
            throw error
        }
    }

    /// Stores jobs in a transaction of their own, all or none. Answers in the order of the arguments.
    public func enqueue<Arguments: JobArguments>(
        all arguments: [Arguments], options: EnqueueOptions = EnqueueOptions()
    ) async throws -> [EnqueuedJob] {
        guard !arguments.isEmpty else { return [] }
        return try await Self.retryingDeadlocks {
            try await self.withTransaction { transaction in
                try await transaction.enqueue(all: arguments, options: options)
            }
        }
    }

    /// Several keys are locked in one order, but the end of a job may cascade over others in the order of their needs.
    /// Whoever the server picks to break such a circle has stored nothing and starts over.
    private static func retryingDeadlocks<T>(_ store: () async throws -> T) async throws -> T {
        for _ in 1..<5 {
            do { return try await store() } catch let error as PostgresError where error.sqlState == "40P01" {}
        }
        return try await store()
    }

    /// Tells workers that there may be work. Needed only after an enqueue in a foreign transaction.
    public func wake(_ queues: some Sequence<String> & Sendable) {
        self.waker.wake(queues)
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
        if options.delay <= .zero { self.touched.add(Arguments.definition.queue) }
        if arguments.count >= BulkLoad.threshold, options.isOrdinary, options.delay <= .zero,
            arguments.allSatisfy({ $0.uniqueKey == nil })
        {
            return try await BulkLoad.store(arguments, options: options, in: self.connection)
        }
        return try await Self.store(try JobRow.rows(arguments, options: options), in: self.connection)
    }

    /// Rows of one statement; more go in portions, so that no message grows without bound.
    private static let portion = 1_000

    static func store(_ rows: [JobRow], in session: some PostgresSession) async throws -> [EnqueuedJob] {
        if rows.count == 1, rows[0].isPlain {
            return [try Self.enqueued(try await session.queryOne(.enqueuePlain(rows[0])))]
        }
        var jobs: [EnqueuedJob?] = Array(repeating: nil, count: rows.count)
        for start in stride(from: 0, to: rows.count, by: Self.portion) {
            let portion = Array(rows[start..<min(start + Self.portion, rows.count)])
            do {
                for row in try await session.query(.enqueue(portion), timeout: nil) {
                    let outcome = EnqueuedJob.Outcome(rawValue: try row.decode("status")) ?? .stored
                    jobs[start + (try row.decode("n", as: Int.self)) - 1] = EnqueuedJob(
                        id: JobID(rawValue: try row.decode("job_id")), outcome: outcome)
                }
            } catch let error as PostgresError {
                throw EnqueueError(error) ?? error
            }
        }
        return jobs.compactMap { $0 }
    }
}

extension JobTransaction {
    fileprivate static func enqueued(_ answer: PostgresRow?) throws -> EnqueuedJob {
        guard let answer else { throw PostgresError(code: .unexpectedAnswer, message: "an enqueue was not answered") }
        return EnqueuedJob(id: JobID(rawValue: try answer.decode(0)), outcome: .stored)
    }
}

extension EnqueueError {
    /// What a refusal of `lectern.enqueue` means; `nil` for every other error.
    init?(_ error: PostgresError) {
        switch error.sqlState {
        case "LQ001": self.init(code: .idempotencyMismatch, description: error.message)
        case "LQ002": self.init(code: .neededJobGone, description: error.message)
        case "LQ003": self.init(code: .batchSealed, description: error.message)
        default: return nil
        }
    }
}

/// The queues that a transaction put runnable jobs into.
final class TouchedQueues: Sendable {
    private let queues = Mutex<Set<String>>([])

    var names: Set<String> { self.queues.withLock { $0 } }

    func add(_ queue: String) { self.queues.withLock { _ = $0.insert(queue) } }
}

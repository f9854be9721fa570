public import FoundationEssentials
public import JobQueue
public import Postgres

/// How far a batch has come.
public struct BatchProgress: Hashable, Sendable {
    public var id: BatchID
    public var name: String
    public var createdAt: Date
    /// True when it takes no more jobs.
    public var isSealed: Bool
    /// Members stored.
    public var total: Int
    public var succeeded: Int
    /// Members that are dead letters now. One that is redriven is under way again.
    public var dead: Int
    /// Members that were cancelled, superseded, expired, or discarded as dead letters.
    public var cancelled: Int
    /// The job that runs after the last member.
    public var completionJob: JobID?
    /// When the last member of the sealed batch ended for the first time: what is redriven later does not change it.
    public var finishedAt: Date?

    /// Members that have not ended.
    public var pending: Int { self.total - self.succeeded - self.dead - self.cancelled }
    /// True once every member has ended and the completion job was let go.
    public var isFinished: Bool { self.finishedAt != nil }
}

/// Jobs that are counted together, with a job that runs after the last of them.
///
/// A batch is opened, takes jobs by ``EnqueueOptions/batch``, and is sealed. Its completion job waits at a gate of its
/// own until then and becomes runnable exactly once: by the end of the last member, or by the seal when all have ended
/// before it or there is none. It runs however the members ended and finds the counts in ``progress(of:)``.
///
/// A dead member has ended. When it is redriven, the counts follow: it is pending and then ends again. A batch that had
/// finished stays finished, and its completion job does not run a second time.
public struct JobBatches: Sendable {
    private let database: PostgresClient
    private let queue: PostgresJobQueue

    public init(database: PostgresClient, queue: PostgresJobQueue) {
        self.database = database
        self.queue = queue
    }

    /// Opens a batch without a completion job.
    public func open(_ name: String) async throws -> BatchID {
        try await self.queue.withTransaction { try await Self.open(name, in: $0) }
    }

    /// Opens a batch with a job that runs when it has finished.
    ///
    /// - Throws: ``BatchError`` with `completionNotStored` when the job's unique key, idempotency key or lineage
    ///   belongs to another one, with `completionElsewhere` when the options tie it to other jobs.
    public func open(
        _ name: String, completion: some JobArguments, options: EnqueueOptions = EnqueueOptions()
    ) async throws -> BatchID {
        try await self.queue.withTransaction {
            try await Self.open(name, completion: completion, options: options, in: $0)
        }
    }

    /// Opens a batch that exists if and only if the transaction commits.
    public static func open(_ name: String, in transaction: JobTransaction) async throws -> BatchID {
        let row = try await transaction.queryOne("INSERT INTO lectern.batch (name) VALUES (\(name)) RETURNING id")
        guard let row else { throw BatchError(code: .unknown, description: "the batch was not stored") }
        return BatchID(rawValue: try row.decode("id"))
    }

    /// Opens a batch with a completion job; both exist if and only if the transaction commits.
    public static func open(
        _ name: String, completion: some JobArguments, options: EnqueueOptions = EnqueueOptions(),
        in transaction: JobTransaction
    ) async throws -> BatchID {
        guard options.after.isEmpty, options.batch == nil else {
            throw BatchError(
                code: .completionElsewhere, description: "a completion job waits for its batch and for nothing else")
        }
        let id = try await Self.open(name, in: transaction)
        var options = options
        options.gate = "batch:\(id)"
        let job = try await transaction.enqueue(completion, options: options)
        guard job.isNew else {
            throw BatchError(
                code: .completionNotStored, description: "the completion job of \(name) is job \(job.id) already")
        }
        try await transaction.execute(
            "UPDATE lectern.batch SET completion_job = \(job.id.rawValue) WHERE id = \(id.rawValue)")
        return id
    }

    /// Lets no more jobs in. Sealing again changes nothing.
    ///
    /// - Throws: ``BatchError`` with `unknown`.
    public func seal(_ id: BatchID) async throws {
        try await Self.seal(id, in: self.database)
    }

    /// The same as part of a transaction, for example the one that stored the members.
    public static func seal(_ id: BatchID, in session: some PostgresSession) async throws {
        // Locks the batch's row against the ends of its members.
        let row = try await session.queryOne("SELECT lectern.seal_batch(\(id.rawValue)) AS known")
        guard try row?.decode("known") ?? false else {
            throw BatchError(code: .unknown, description: "there is no batch \(id)")
        }
    }

    /// How far the batch has come; `nil` when there is none. One row by its primary key.
    public func progress(of id: BatchID) async throws -> BatchProgress? {
        let row = try await self.database.queryOne(
            """
            SELECT name, created_at, is_sealed, total, succeeded, dead, cancelled, completion_job, finished_at
            FROM lectern.batch WHERE id = \(id.rawValue)
            """)
        guard let row else { return nil }
        return BatchProgress(
            id: id, name: try row.decode("name"), createdAt: try row.decode("created_at"),
            isSealed: try row.decode("is_sealed"), total: try row.decode("total"),
            succeeded: try row.decode("succeeded"), dead: try row.decode("dead"),
            cancelled: try row.decode("cancelled"),
            completionJob: try row.decode("completion_job", as: Int64?.self).map(JobID.init(rawValue:)),
            finishedAt: try row.decode("finished_at"))
    }
}

/// A batch was not opened or not sealed.
public struct BatchError: Error, CustomStringConvertible, Sendable {
    public enum Code: Hashable, Sendable {
        /// There is no such batch.
        case unknown
        /// Another job stands for the completion job, so it would not wait for the batch.
        case completionNotStored
        /// The completion job's options name other jobs or another batch.
        case completionElsewhere
    }

    public let code: Code
    public let description: String
}

import FoundationEssentials
public import JobQueue
public import JobQueuePostgres
import Logging
import PipelineJobs
public import Postgres
import PostgresTesting
import Schema
public import TextbookSync

/// A migrated database, a bucket, and the sync between them.
public struct ContentBench: Sendable {
    public let database: PostgresClient
    public let queue: PostgresJobQueue
    public let memory: MemoryBucket
    /// What the sync takes for indexed.
    public var recipe = IndexRecipe(model: "test", dimension: 4, chunking: "1")

    /// The sync.
    public var handler: SyncBookHandler {
        SyncBookHandler(database: self.database, bucket: self.memory.bucket, recipe: self.recipe)
    }
    /// What readers see.
    public var catalog: ContentCatalog { ContentCatalog(database: self.database) }

    /// Runs `body` with a migrated database of its own.
    public static func with<T: Sendable>(
        memory: MemoryBucket = MemoryBucket(), _ body: (ContentBench) async throws -> T
    ) async throws -> T {
        try await withTestClient { database in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await Migrator(database: database, migrations: try Migration.bundled(), logger: logger).up()
            let queue = PostgresJobQueue(database: database, logger: logger)
            return try await body(ContentBench(database: database, queue: queue, memory: memory))
        }
    }

    /// What a worker tells a handler.
    public static func context(_ attempt: Int = 1) -> JobContext {
        JobContext(
            jobID: JobID(rawValue: 1), kind: "sync_book", attempt: attempt, maxAttempts: 8,
            deadline: .now + .seconds(60), trace: nil, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// One run, ended as a worker ends it. `end` runs in the same transaction after the handler's own writes.
    @discardableResult
    public func run(_ path: String, revision: String? = nil, end: (@Sendable () throws -> Void)? = nil) async throws
        -> Report
    {
        let outcome = try await self.handler.perform(
            SyncBook(path: path, revision: revision), context: Self.context())
        if let commit = outcome.commit {
            try await self.queue.withTransaction { transaction in
                try await commit(transaction)
                try end?()
            }
        }
        return try JSONDecoder().decode(Report.self, from: Data((outcome.result ?? "").utf8))
    }

    /// Runs until the job would count as done, as the queue does: again after every failure that is not for good.
    @discardableResult
    public func finish(_ path: String) async throws -> Report {
        for _ in 0..<50 {
            do {
                return try await self.run(path)
            } catch let error as JobError where error.disposition != .permanent {
                continue
            }
        }
        throw NeverEnds()
    }

    private struct NeverEnds: Error {}

    /// A job's result as its readers see it.
    public struct Report: Decodable, Hashable, Sendable {
        public var outcome: String
        public var book: String
        public var release: Int64
        public var lessons: Int
        public var created: Int
        public var updated: Int
        public var moved: Int
        public var renamed: Int
        public var deleted: Int
        public var unchanged: Int
        public var objectsPut: Int
        public var objectsRemoved: Int
        public var embedsEnqueued: Int
        public var warnings: Int

        enum CodingKeys: String, CodingKey {
            case outcome, book, release, lessons, created, updated, moved, renamed, deleted, unchanged, warnings
            case objectsPut = "objects_put"
            case objectsRemoved = "objects_removed"
            case embedsEnqueued = "embeds_enqueued"
        }
    }

    /// How many rows the statement counts.
    public func number(_ sql: SQL) async throws -> Int {
        try await self.database.queryOne(sql)?.decode(0) ?? -1
    }

    /// Embed jobs that wait.
    public var embedJobs: Int {
        get async throws { try await self.number("SELECT count(*) FROM lectern.ready WHERE queue = 'embed'") }
    }
}

import FoundationEssentials
public import JobQueue
public import JobQueuePostgres
import Logging
public import PipelineJobs
public import Postgres
import PostgresTesting
import Schema
public import Textbook
public import TextbookSync

/// A migrated database, a bucket, and the sync between them.
public struct ContentBench: Sendable {
    /// Performs one embed job.
    public typealias Indexing = @Sendable (EmbedLesson) async throws -> JobOutcome<JobTransaction>

    public let database: PostgresClient
    public let queue: PostgresJobQueue
    public let memory: MemoryBucket
    let store: PostgresJobStore
    /// By what rules the sync has lessons indexed.
    public var recipe = IndexRecipe(model: "test", dimension: 4, chunking: "1")
    /// What the embed worker does; `nil` writes entries without chunks.
    public var indexing: Indexing?
    /// What else there is to say of a book before it may be published.
    public var review: @Sendable (Book) -> [Finding] = { _ in [] }

    /// What readers see.
    public var catalog: ContentCatalog { ContentCatalog(database: self.database) }
    public var resyncs: ResyncService { ResyncService(database: self.database, queue: self.queue) }
    public var releases: ReleaseDirectory { ReleaseDirectory(database: self.database, queue: self.queue) }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with a migrated database of its own.
    public static func with<T: Sendable>(
        memory: MemoryBucket = MemoryBucket(), _ body: (ContentBench) async throws -> T
    ) async throws -> T {
        try await withTestClient { database in
            try await Migrator(database: database, migrations: try Migration.bundled(), logger: Self.logger).up()
            let queue = PostgresJobQueue(database: database, logger: Self.logger)
            return try await body(
                ContentBench(
                    database: database, queue: queue, memory: memory,
                    store: PostgresJobStore(database: database, queue: queue, logger: Self.logger)))
        }
    }

    /// What a worker tells a handler.
    public static func context(_ attempt: Int = 1, job: Int64 = 1) -> JobContext {
        JobContext(
            jobID: JobID(rawValue: job), kind: "test", attempt: attempt, maxAttempts: 8, deadline: .now + .seconds(60),
            trace: nil, logger: Self.logger)
    }

    /// Asks for a resync of a folder.
    @discardableResult
    public func start(
        _ path: String, revision: String? = nil, configure: (inout SyncBook) -> Void = { _ in }
    ) async throws -> JobID {
        var wish = SyncBook(path: path, revision: revision)
        configure(&wish)
        return try await self.resyncs.start(wish, actor: "test").id
    }

    /// Asks for a resync and performs everything that it takes.
    /// - Throws: ``Refused`` when the resync fails, and whatever a handler throws that is no ``JobError``: as with a
    ///   process that dies, its job is given back then.
    @discardableResult
    public func run(
        _ path: String, revision: String? = nil, configure: (inout SyncBook) -> Void = { _ in }
    ) async throws -> Report {
        try await self.verdict(on: try await self.start(path, revision: revision, configure: configure))
    }

    /// Performs what is to be done until the resync has ended.
    @discardableResult
    public func verdict(on id: JobID) async throws -> Report {
        for _ in 0..<2_000 {
            try await self.work()
            guard let status = try await self.resyncs.status(of: id) else { throw Refused(code: "gone", message: "") }
            guard status.done else {
                // Somebody else holds what is left, and ends it.
                await Task.yield()
                continue
            }
            guard status.state == .done, let report = status.report, let release = status.release else {
                throw Refused(code: status.error?.code ?? "none", message: status.error?.message ?? "")
            }
            return Report(release: release, report: report)
        }
        throw Refused(code: "never_ends", message: "")
    }

    /// Performs every job of the sync and of the indexing that can be performed.
    public func work() async throws {
        let worker = try await self.store.register(
            WorkerDescription(name: "test", queues: ["sync", "embed"], slots: 1))
        var runs = 0
        while runs < 5_000 {
            var jobs: [ClaimedJob] = []
            for queue in ["sync", "embed"] where jobs.isEmpty {
                jobs = try await self.store.claim(ClaimRequest(queue: queue, limit: 4, worker: worker))
            }
            guard !jobs.isEmpty else { return }
            for job in jobs {
                runs += 1
                do {
                    try await self.perform(job)
                } catch {
                    // All that this process held goes back; who was killed gives nothing back.
                    if !Task.isCancelled {
                        _ = try await self.store.end(jobs.map { JobEnding(job: $0, action: .release) })
                    }
                    throw error
                }
            }
        }
        throw Refused(code: "never_ends", message: "")
    }

    /// Works in a task of its own until `interrupt`, which runs before every call to the bucket, says that this was the
    /// last one: then everything stops as with a process that is killed.
    /// - Returns: whether it was killed.
    public func workUntilKilled(_ isLast: @escaping @Sendable () -> Bool) async -> Bool {
        let work = Task { try await self.work() }
        self.memory.interfere { _, _ in
            guard isLast() else { return }
            work.cancel()
            withUnsafeCurrentTask { $0?.cancel() }
        }
        let result = await work.result
        self.memory.interfere(nil)
        if case .success = result { return false }
        return true
    }

    /// What a worker that is gone held goes to others.
    public func rescue() async throws {
        try await self.database.execute("UPDATE lectern.worker SET seen_at = now() - interval '1 hour'")
        _ = try await self.store.rescue(silence: .seconds(1), isThorough: true)
    }

    /// Clears away what is not needed, now.
    public func collect() async throws {
        _ = try await CollectContentHandler(database: self.database, bucket: self.memory.bucket)
            .perform(CollectContent(), context: Self.context())
    }

    private func perform(_ job: ClaimedJob) async throws {
        do {
            let outcome = try await self.outcome(of: job)
            try Task.checkCancellation()
            let ending = JobEnding(job: job, action: .succeed(result: outcome.result))
            if let commit = outcome.commit {
                _ = try await self.store.end(ending, commit: commit)
            } else {
                _ = try await self.store.end([ending])
            }
        } catch let error as JobError {
            let isFinal = error.disposition == .permanent || job.attempt >= job.maxAttempts
            // What a worker tries again later is tried again at once here.
            var action = isFinal ? JobEnding.Action.discard : .retry(after: .zero)
            if case .snooze = error.disposition { action = .release }
            _ = try await self.store.end([
                JobEnding(job: job, action: action, code: error.code, message: error.message)
            ])
        }
    }

    private func outcome(of job: ClaimedJob) async throws -> JobOutcome<JobTransaction> {
        let context = Self.context(job.attempt, job: job.lease.jobID.rawValue)
        let bucket = self.memory.bucket
        func arguments<T: Decodable>(_: T.Type) throws -> T {
            try JSONDecoder().decode(T.self, from: Data(job.arguments.utf8))
        }
        switch job.kind {
        case "sync_book":
            return try await SyncBookHandler(
                database: self.database, bucket: bucket, recipe: self.recipe, clock: ImpatientClock(),
                review: self.review
            )
            .perform(arguments(SyncBook.self), context: context)
        case "store_object":
            return try await StoreObjectHandler(database: self.database, bucket: bucket, clock: ImpatientClock())
                .perform(arguments(StoreObject.self), context: context)
        case "advance_resync":
            return try await AdvanceResyncHandler(recipe: self.recipe)
                .perform(arguments(AdvanceResync.self), context: context)
        case "place_aliases":
            return try await PlaceAliasesHandler(database: self.database, bucket: bucket, clock: ImpatientClock())
                .perform(arguments(PlaceAliases.self), context: context)
        case "collect_content":
            return try await CollectContentHandler(database: self.database, bucket: bucket, clock: ImpatientClock())
                .perform(CollectContent(), context: context)
        case "embed_lesson":
            let job = try arguments(EmbedLesson.self)
            if let indexing { return try await indexing(job) }
            return JobOutcome { [recipe] transaction in try await Self.index(job, recipe, in: transaction) }
        default:
            return JobOutcome()
        }
    }

    /// An entry without chunks.
    private static func index(
        _ job: EmbedLesson, _ recipe: IndexRecipe, in transaction: JobTransaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO lectern.lesson_index (lesson_id, content_hash, collection, recipe, labels, chunks)
            SELECT l.lesson_id, l.content_hash, \(recipe.collection), \(recipe.fingerprint),
                   ARRAY[p.number::text, p.title, c.number::text, c.title, l.title, l.slug, l.type], 0
            FROM lectern.release_lesson l
            JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
            JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
            WHERE l.release_id = \(job.releaseID) AND l.lesson_id = \(job.lessonID)::uuid
            ON CONFLICT DO NOTHING
            """)
    }

    /// A resync that did not come to its end.
    public struct Refused: Error, Hashable {
        public var code: String
        public var message: String
    }

    /// What a resync came to.
    public struct Report: Sendable {
        public var release: Int64
        public var report: SyncReport
        public var outcome: String { self.report.outcome.rawValue }
    }

    /// How many rows the statement counts.
    public func number(_ sql: SQL) async throws -> Int {
        try await self.database.queryOne(sql)?.decode(0) ?? -1
    }
}

/// A clock for which every pause is over at once.
public struct ImpatientClock: Clock {
    public typealias Instant = ContinuousClock.Instant

    public init() {}

    public var now: Instant { ContinuousClock().now }
    public var minimumResolution: Duration { .zero }

    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        await Task.yield()
    }
}

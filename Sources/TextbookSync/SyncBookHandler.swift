import ContentHashing
public import JobQueue
public import JobQueuePostgres
import Logging
public import PipelineJobs
public import Postgres
public import Textbook

/// Reads a book, plans a release against the one that readers see, and sets the work going that the plan needs.
///
/// Nothing that readers see changes here. With the job's end the release is written beside the present one, and one job
/// for each text that the bucket lacks; ``ResyncFlow`` tells the steps after that. A run that dies leaves nothing.
public struct SyncBookHandler: JobHandler {
    private let database: PostgresClient
    private let store: ReleaseStore
    private let objects: BookObjects
    private let bucket: LessonBucket
    private let recipe: IndexRecipe
    private let review: @Sendable (Book) -> [Finding]

    /// - Parameters:
    ///   - recipe: lessons without an entry made by it are handed to the indexing.
    ///   - review: what else there is to say of a book that reads well, before it may be published.
    ///   - clock: measures the pauses between two tries of one call.
    public init(
        database: PostgresClient, bucket: LessonBucket, recipe: IndexRecipe,
        clock: any Clock<Duration> = ContinuousClock(), review: @escaping @Sendable (Book) -> [Finding] = { _ in [] }
    ) {
        self.review = review
        self.database = database
        self.store = ReleaseStore(database: database)
        self.objects = BookObjects(bucket: bucket, clock: clock)
        self.bucket = bucket
        self.recipe = recipe
    }

    public func perform(_ arguments: SyncBook, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        let resync = context.jobID.rawValue
        do {
            return try await self.plan(arguments, resync: resync, logger: context.logger)
        } catch let error as JobError where error.disposition == .permanent {
            try await ResyncStore(database: self.database).refuse(resync, error)
            throw error
        }
    }

    private func plan(
        _ arguments: SyncBook, resync: Int64, logger: Logger
    ) async throws -> JobOutcome<JobTransaction> {
        let source = BookSource(path: arguments.path, upload: arguments.upload)
        let folder = try await source.read(in: self.database)
        var reading = folder.reader().read()
        if reading.isPublishable { reading.findings = (reading.findings + self.review(reading.book)).sorted() }
        let book = reading.book
        let active = try await self.store.active(book: book.slug)
        let plan = SyncPlan(from: active?.book, to: book)
        var report = SyncReport(plan: plan, book: book, revision: arguments.revision, findings: reading.findings)
        if arguments.onlyPlan == true { report.outcome = .planned }
        // Whatever stops the plan, its author finds here what was read.
        try await ResyncStore(database: self.database).note(resync, report)
        guard reading.isPublishable else {
            throw JobError.permanent("book_has_errors", reading.findings.message())
        }
        try self.check(plan, arguments, active)
        guard let collections = try await self.store.collections(book: book.slug) else {
            throw JobError.snooze("collection_under_way", "old texts are being removed", for: .seconds(2))
        }
        let missing = try await self.missing(book)
        report.objectsMissing = missing.count
        if report.outcome == .planned { return try self.end(resync, report) }

        let isKept = active.map { plan.isEmpty && ($0.recipe ?? "") == self.recipe.fingerprint } ?? false
        let jobs = missing.map { lesson in
            StoreObject(
                path: arguments.path, upload: arguments.upload, file: lesson.sourcePath, book: book.slug,
                sha256: lesson.sha256, resync: resync)
        }
        logger.info(
            "the book is planned",
            metadata: [
                "book": "\(book.slug)", "lessons": "\(report.lessons)", "created": "\(report.created)",
                "updated": "\(report.updated)", "deleted": "\(report.deleted)", "objects_missing": "\(missing.count)",
            ])
        if let active, isKept {
            return try await self.keep(active.id, book, jobs, resync: resync, report)
        }
        let draft = ReleaseDraft(
            book: book, revision: arguments.revision, committedAt: arguments.committedAt,
            manifestHash: ContentHash(of: try PostgresJSON(encoding: book).text).hex, planHash: plan.hash,
            basis: active?.id, collections: collections, renames: plan.renames,
            counts: try PostgresJSON(encoding: report))
        return JobOutcome(result: try report.json()) { [recipe, report] transaction in
            let release: Int64
            do {
                release = try await ReleaseStore.stage(draft, resync: resync, recipe: recipe, in: transaction)
            } catch is RequestOvertaken {
                return try await ResyncStore.cancel(resync, in: transaction)
            } catch is BasisMoved {
                // Somebody else published, so the attempt is not to be counted against this job.
                throw JobError.snooze(
                    "release_moved", "another release was published meanwhile: plan again", for: .milliseconds(100))
            }
            try await ResyncStore.begin(resync, release: release, report, in: transaction)
            guard let standing = try await ResyncFlow.standing(resync, in: transaction) else { return }
            try await ResyncFlow(recipe: recipe).store(jobs, standing, in: transaction)
        }
    }

    /// Stops what could lose a book.
    private func check(_ plan: SyncPlan, _ arguments: SyncBook, _ active: ActiveRelease?) throws {
        if let before = active?.committedAt, let now = arguments.committedAt, now < before,
            arguments.allowsOlder != true
        {
            throw JobError.permanent(
                "older_revision",
                "readers see a state that was made \(before - now) s later: allow an older one, or roll back instead")
        }
        do throws(SyncGuardError) {
            try plan.guardAgainstLoss(maximumDeletes: arguments.maximumDeletes, approvedHash: arguments.approvedPlan)
        } catch {
            throw JobError.permanent(error.code.rawValue, error.message)
        }
    }

    /// The lessons whose text the bucket lacks; of several with the same text one.
    private func missing(_ book: Book) async throws -> [Lesson] {
        var bySHA: [String: Lesson] = [:]
        for lesson in book.lessons { bySHA[lesson.sha256] = bySHA[lesson.sha256] ?? lesson }
        let prefix = ObjectKey.blobPrefix(book: book.slug)
        let present = try await self.objects.call { try await self.bucket.list(prefix) }
        let lessons = bySHA.values.sorted { $0.sourcePath < $1.sourcePath }
        return try await self.objects.filter(lessons) { lesson in
            try await !self.bucket.holds(
                lesson.objectKey(book: book.slug), size: lesson.sizeBytes, sha256: lesson.sha256, listed: present)
        }
    }

    private func end(_ resync: Int64, _ report: SyncReport) throws -> JobOutcome<JobTransaction> {
        JobOutcome(result: try report.json()) { transaction in
            try await ResyncStore.end(resync, report, in: transaction)
        }
    }

    /// Readers see this book already. What the bucket or the index lost is put back.
    private func keep(
        _ release: Int64, _ book: Book, _ jobs: [StoreObject], resync: Int64, _ report: SyncReport
    ) async throws -> JobOutcome<JobTransaction> {
        var report = report
        report.lessonsUnindexed = try await self.unindexed(release)
        let prefix = ObjectKey.lessonPrefix(book: book.slug)
        let aliases = try await self.objects.call { try await self.bucket.list(prefix) }
        let strays = try await self.objects.filter(book.lessons) { lesson in
            try await !self.bucket.holds(
                lesson.bucketPath, size: lesson.sizeBytes, sha256: lesson.sha256, listed: aliases)
        }
        let isWhole = jobs.isEmpty && report.lessonsUnindexed == 0 && strays.isEmpty
        report.outcome = isWhole ? .unchanged : .repaired
        return JobOutcome(result: try report.json()) { [recipe, report] transaction in
            try await ResyncStore.begin(resync, release: release, report, in: transaction)
            guard !isWhole else { return try await ResyncStore.end(resync, report, in: transaction) }
            guard let standing = try await ResyncFlow.standing(resync, in: transaction) else { return }
            try await ResyncFlow(recipe: recipe).store(jobs, standing, in: transaction)
        }
    }

    private func unindexed(_ release: Int64) async throws -> Int {
        let row = try await self.database.queryOne(
            "SELECT count(*) AS missing FROM \(sql: .unindexed(release: release, recipe: self.recipe))")
        return try row?.decode("missing") ?? 0
    }
}

extension SyncPlan {
    /// The new slugs of lessons by their old ones.
    var renames: [String: String] {
        let renamed = self.operations.filter { $0.kind == .rename }
        return Dictionary(
            renamed.compactMap { operation in
                operation.old.map { ($0.lesson.slug, operation.slug) }
            }, uniquingKeysWith: { first, _ in first })
    }
}

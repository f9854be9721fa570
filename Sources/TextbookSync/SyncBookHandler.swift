import ContentHashing
public import JobQueue
public import JobQueuePostgres
import Logging
public import PipelineJobs
public import Postgres
import Textbook

/// Brings a book's folder to the bucket and publishes it as a release.
///
/// Texts go to the bucket first, under names made of their hashes, where they disturb nobody. The release, and the
/// jobs that index it, are then written with the job's end in one transaction. A run that dies before leaves nothing
/// but texts that the next run finds in place.
public struct SyncBookHandler: JobHandler {
    private let store: ReleaseStore
    private let objects: BookObjects
    private let recipe: IndexRecipe

    /// - Parameter recipe: lessons without an entry made by it are handed to the indexing.
    public init(database: PostgresClient, bucket: LessonBucket, recipe: IndexRecipe) {
        self.store = ReleaseStore(database: database)
        self.objects = BookObjects(bucket: bucket)
        self.recipe = recipe
    }

    public func perform(_ arguments: SyncBook, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        let folder = try self.read(arguments.path)
        let reading = folder.reader().read()
        guard reading.isPublishable else {
            throw JobError.permanent("book_has_errors", reading.findings.message())
        }
        let book = reading.book
        let active = try await self.store.active(book: book.slug)
        let plan = SyncPlan(from: active?.book, to: book)
        do throws(SyncGuardError) {
            try plan.guardAgainstLoss()
        } catch {
            throw JobError.permanent(error.code.rawValue, error.message)
        }
        var report = SyncReport(plan: plan, book: book, revision: arguments.revision, findings: reading.findings)
        report.objectsPut = try await self.store(book, folder: folder)
        report.objectsRemoved = try await self.removeStaleAliases(plan)
        report.embedsEnqueued = try await self.store.unindexed(book, recipe: self.recipe)
        context.logger.info(
            "the book is in the bucket",
            metadata: ["book": "\(book.slug)", "lessons": "\(report.lessons)", "objects_put": "\(report.objectsPut)"])

        if let active, plan.isEmpty {
            return try self.leave(active.id, report)
        }
        return try await self.publish(plan, book, basis: active?.id, revision: arguments.revision, report)
    }

    private func read(_ path: String) throws -> BookFolder {
        do throws(BookFolderError) {
            return try BookFolder.read(path)
        } catch {
            throw JobError.permanent("book_\(error.code.rawValue)", String(error.description.prefix(1_800)))
        }
    }

    /// Every text as an immutable blob, and then under its readable name.
    /// - Returns: how many objects had to be written.
    private func store(_ book: Book, folder: BookFolder) async throws -> Int {
        var blobs: [String: BookObject] = [:]
        var aliases: [BookObject] = []
        for lesson in book.lessons {
            guard let body = folder.files[lesson.sourcePath] else {
                throw JobError.permanent("missing_file", "\(lesson.sourcePath) is not in the folder")
            }
            let key = lesson.objectKey(book: book.slug)
            blobs[key] = BookObject(key: key, body: body, sha256: lesson.sha256)
            aliases.append(BookObject(key: lesson.bucketPath, body: body, sha256: lesson.sha256))
        }
        let blobsPut = try await self.objects.store(Array(blobs.values))
        return try await blobsPut + self.objects.store(aliases)
    }

    /// The readable names of lessons that moved or went. Their blobs stay, for readers of the active release.
    private func removeStaleAliases(_ plan: SyncPlan) async throws -> Int {
        let wanted = Set(plan.operations.compactMap(\.new?.lesson.bucketPath))
        let stale = Set(plan.operations.compactMap(\.old?.lesson.bucketPath)).subtracting(wanted)
        return try await self.objects.remove(stale.sorted())
    }

    /// Ends the job without a release. Lessons that are still missing in the index are handed to it.
    private func leave(_ release: Int64, _ report: SyncReport) throws -> JobOutcome<JobTransaction> {
        var report = report
        report.outcome = .unchanged
        report.release = release
        guard report.embedsEnqueued > 0 else { return JobOutcome(result: try report.json()) }
        return JobOutcome(result: try report.json()) { [recipe] transaction in
            try await ReleaseStore.enqueueIndexing(release: release, recipe: recipe, in: transaction)
        }
    }

    private func publish(
        _ plan: SyncPlan, _ book: Book, basis: Int64?, revision: String?, _ report: SyncReport
    ) async throws -> JobOutcome<JobTransaction> {
        var report = report
        report.release = try await self.store.reserveReleaseID()
        let publication = Publication(
            releaseID: report.release, book: book, revision: revision,
            manifestHash: ContentHash(of: try PostgresJSON(encoding: book).text).hex, basis: basis,
            renames: plan.renames, counts: try PostgresJSON(encoding: report))
        return JobOutcome(result: try report.json()) { [recipe] transaction in
            do {
                try await ReleaseStore.publish(publication, in: transaction)
            } catch is BasisMoved {
                // Somebody else published, so the attempt is not to be counted against this job.
                throw JobError.snooze(
                    "release_moved", "another release was published meanwhile: plan again", for: .milliseconds(100))
            }
            try await ReleaseStore.enqueueIndexing(release: publication.releaseID, recipe: recipe, in: transaction)
        }
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

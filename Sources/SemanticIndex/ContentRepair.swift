import ContentHashing
public import JobQueuePostgres
import PipelineJobs
public import Postgres
public import TextbookSync

/// Puts right what a ``ContentAudit`` found, and nothing else.
///
/// A text comes back from its readable name, or the name from the text; lessons go through the indexing again, which
/// costs no call to the model for texts that were embedded before. A text that stands nowhere any more needs a resync.
public struct ContentRepair: Sendable {
    /// What was done and what could not be.
    public struct Outcome: Codable, Sendable, Hashable {
        /// Texts that were put back.
        public var objectsRestored = 0
        /// Lessons that were handed to the indexing.
        public var lessonsEnqueued = 0
        /// Slugs of lessons whose text stands nowhere: a resync of their book brings it back.
        public var irreparable: [String] = []

        enum CodingKeys: String, CodingKey {
            case irreparable
            case objectsRestored = "objects_restored"
            case lessonsEnqueued = "lessons_enqueued"
        }
    }

    private let catalog: ContentCatalog
    private let database: PostgresClient
    private let queue: PostgresJobQueue
    private let bucket: LessonBucket

    /// - Parameter bookSlug: the book; `nil` takes the earliest one that has anything published.
    public init(database: PostgresClient, queue: PostgresJobQueue, bucket: LessonBucket, bookSlug: String? = nil) {
        self.catalog = ContentCatalog(database: database, bookSlug: bookSlug)
        self.database = database
        self.queue = queue
        self.bucket = bucket
    }

    /// - Throws: what the database, the queue or the storage server throws; what was done stays done.
    public func run(_ report: ContentReport) async throws -> Outcome {
        let book = try await self.catalog.bookAsStored()
        var outcome = Outcome()
        let broken = Set(report.brokenObjects)
        for lesson in book.lessons where broken.contains(lesson.slug) {
            guard let body = try await self.bucket.get(lesson.bucketPath), SHA256Hex.of(body) == lesson.sha256 else {
                outcome.irreparable.append(lesson.slug)
                continue
            }
            _ = try await self.bucket.put(lesson.objectKey, body)
            outcome.objectsRestored += 1
        }
        if !report.brokenAliases.isEmpty {
            _ = try await self.queue.enqueue(PlaceAliases(book: book.slug, releaseID: book.releaseID))
        }
        let stale = Set(report.unindexed + report.lostVectors)
        let jobs = book.lessons.filter { stale.contains($0.slug) }.map {
            EmbedLesson(lessonID: $0.id, contentHash: $0.contentHash, releaseID: book.releaseID)
        }
        outcome.lessonsEnqueued = try await self.queue.enqueue(all: jobs).count
        return outcome
    }
}

import ContentHashing
public import JobQueue
public import JobQueuePostgres
public import PipelineJobs
public import Postgres
import Textbook

/// Makes the readable names in the bucket follow the release that readers see.
///
/// Readers are served from immutable texts, so nothing of this reaches them; the names are for people and other tools.
public struct PlaceAliasesHandler: JobHandler {
    private let database: PostgresClient
    private let bucket: LessonBucket
    private let objects: BookObjects

    /// - Parameter clock: measures the pauses between two tries of one call.
    public init(
        database: PostgresClient, bucket: LessonBucket, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.database = database
        self.bucket = bucket
        self.objects = BookObjects(bucket: bucket, clock: clock)
    }

    public func perform(_ arguments: PlaceAliases, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        let catalog = ContentCatalog(database: self.database, bookSlug: arguments.book)
        let book = try await catalog.bookAsStored()
        guard book.releaseID == arguments.releaseID else {
            // The job of the release that came after it does all there is to do.
            return self.ended(arguments, #"{"outcome":"superseded"}"#)
        }
        let prefix = ObjectKey.lessonPrefix(book: book.slug)
        let present = try await self.objects.call { try await self.bucket.list(prefix) }
        let put = try await self.objects.forEach(book.lessons) { lesson in
            try await self.place(lesson, present) ? 1 : 0
        }
        let removed = try await self.removeStale(book, present: present)
        return self.ended(arguments, #"{"outcome":"placed","objects_put":\#(put),"objects_removed":\#(removed)}"#)
    }

    private func place(_ lesson: PublishedLesson, _ present: [String: BlobInfo]?) async throws -> Bool {
        let sha256 = lesson.sha256
        let isThere = try await self.objects.call {
            try await self.bucket.holds(lesson.bucketPath, size: lesson.sizeBytes, sha256: sha256, listed: present)
        }
        if isThere { return false }
        guard let body = try await self.objects.call({ try await self.bucket.get(lesson.objectKey) }),
            SHA256Hex.of(body) == sha256
        else {
            throw JobError.retry("object_lost", "the text of \(lesson.slug) is not in the bucket: run a resync")
        }
        return try await self.objects.store(BookObject(key: lesson.bucketPath, body: body, sha256: sha256))
    }

    /// Names that an earlier release gave and this one does not. What others put into the bucket stays.
    private func removeStale(_ book: PublishedBook, present: [String: BlobInfo]?) async throws -> Int {
        let rows = try await self.database.query(
            """
            SELECT DISTINCT l.bucket_path FROM lectern.release_lesson l JOIN lectern.release r ON r.id = l.release_id
            WHERE r.book_id = \(book.id)::uuid
            """, timeout: .seconds(30))
        let wanted = Set(book.lessons.map(\.bucketPath))
        let stale = try rows.map { try $0.decode("bucket_path", as: String.self) }
            .filter { path in !wanted.contains(path) && (present.map { $0[path] != nil } ?? true) }
        return try await self.objects.remove(stale.sorted())
    }

    private func ended(_ arguments: PlaceAliases, _ result: String) -> JobOutcome<JobTransaction> {
        JobOutcome(result: result) { transaction in
            try await transaction.execute(
                """
                UPDATE lectern.resync SET state = 'done', ended_at = now()
                WHERE release_id = \(arguments.releaseID) AND state = 'aliasing'
                """)
        }
    }
}

extension PublishedLesson {
    /// 64 hex digits: the blob is named after them.
    package var sha256: String {
        String(self.objectKey.dropFirst(ObjectKey.blobPrefix(book: self.bookSlug).count).prefix(64))
    }
}

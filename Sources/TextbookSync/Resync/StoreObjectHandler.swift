import ContentHashing
public import JobQueue
public import JobQueuePostgres
public import PipelineJobs
public import Postgres
import Textbook

/// Brings one file's text to the bucket. A run that dies leaves a text that the next run finds in place.
public struct StoreObjectHandler: JobHandler {
    private let database: PostgresClient
    private let objects: BookObjects

    /// - Parameter clock: measures the pauses between two tries of one call.
    public init(
        database: PostgresClient, bucket: LessonBucket, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.database = database
        self.objects = BookObjects(bucket: bucket, clock: clock)
    }

    public func perform(_ arguments: StoreObject, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        // What a newer state of the book made needless is not begun.
        let wanted = try await self.database.queryOne(
            "SELECT FROM lectern.resync WHERE job_id = \(arguments.resync) AND ended_at IS NULL")
        guard wanted != nil else { return JobOutcome(result: #"{"outcome":"superseded"}"#) }
        let body = try await BookSource(path: arguments.path, upload: arguments.upload).body(
            of: arguments.file, in: self.database)
        guard SHA256Hex.of(body) == arguments.sha256 else {
            throw JobError.permanent(
                "source_changed", "\(arguments.file) is not what it was when the release was planned")
        }
        let key = ObjectKey.blob(book: arguments.book, sha256: arguments.sha256)
        let wasPut = try await self.objects.store(BookObject(key: key, body: body, sha256: arguments.sha256))
        return JobOutcome(result: wasPut ? #"{"outcome":"stored"}"# : #"{"outcome":"present"}"#)
    }
}

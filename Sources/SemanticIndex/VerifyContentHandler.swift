public import JobQueue
public import JobQueuePostgres
import Logging
public import PipelineJobs
public import Postgres
public import TextbookSync

/// Compares what is published with the bucket and the vector server, by the timetable; puts right what it was asked to.
public struct VerifyContentHandler: JobHandler {
    private let database: PostgresClient
    private let queue: PostgresJobQueue
    private let bucket: LessonBucket
    private let vectors: VectorIndex
    private let recipe: IndexRecipe

    public init(
        database: PostgresClient, queue: PostgresJobQueue, bucket: LessonBucket, vectors: VectorIndex,
        recipe: IndexRecipe
    ) {
        self.database = database
        self.queue = queue
        self.bucket = bucket
        self.vectors = vectors
        self.recipe = recipe
    }

    public func perform(_ arguments: VerifyContent, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        let report: ContentReport
        do {
            report = try await ContentAudit(
                database: self.database, bucket: self.bucket, vectors: self.vectors, recipe: self.recipe,
                bookSlug: arguments.book
            ).run()
        } catch is CatalogError {
            return JobOutcome(result: #"{"outcome":"nothing_published"}"#)
        }
        if !report.isComplete {
            context.logger.error(
                "the content is not complete",
                metadata: [
                    "book": "\(report.book)", "lessons": "\(report.lessons)", "objects": "\(report.objects)",
                    "indexed": "\(report.indexedLessons)", "chunks": "\(report.chunks)",
                    "vectors": "\(report.vectors)",
                ])
            if arguments.repair == true {
                _ = try await ContentRepair(
                    database: self.database, queue: self.queue, bucket: self.bucket, bookSlug: arguments.book
                ).run(report)
            }
        }
        return JobOutcome(result: try PostgresJSON(encoding: report).text)
    }
}

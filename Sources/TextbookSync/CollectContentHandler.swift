public import JobQueue
public import JobQueuePostgres
public import PipelineJobs
public import Postgres
import Textbook

/// Clears away releases that no rollback may show any more, and the texts and uploads that nothing refers to.
///
/// A text goes from the bucket only after the last release that holds it is gone from the database, and never one that
/// a release refers to or one that was written within the grace period.
public struct CollectContentHandler: JobHandler {
    /// How long uploads are kept: longer than any resync takes.
    static let uploadLife = "1 day"
    /// How long resyncs that ended are told of.
    static let resyncLife = "30 days"
    /// No run takes longer, by its kind's timeout.
    private static let patience = "15 minutes"

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

    public func perform(_ arguments: CollectContent, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        try await self.database.execute(
            "DELETE FROM lectern.upload WHERE created_at < now() - \(Self.uploadLife)::interval", timeout: .seconds(60))
        try await self.database.execute(
            "DELETE FROM lectern.resync WHERE ended_at < now() - \(Self.resyncLife)::interval", timeout: .seconds(60))
        let books = try await self.database.query("SELECT id, slug FROM lectern.book ORDER BY slug")
        var releases = 0
        var texts = 0
        for row in books {
            let gone = try await self.forgetReleases(of: try row.decode("id"), slug: try row.decode("slug"))
            releases += gone.releases
            texts += gone.texts
        }
        return JobOutcome(result: #"{"releases":\#(releases),"objects":\#(texts)}"#) { transaction in
            try await transaction.enqueue(CollectVectors(), options: EnqueueOptions(actor: "collect"))
        }
    }

    /// Releases beyond those that are kept go first, so that no rollback can show a text that is being removed.
    private func forgetReleases(of book: String, slug: String) async throws -> (releases: Int, texts: Int) {
        let grace = ResyncFlow.grace.components.seconds
        let gone = try await self.database.execute(
            """
            DELETE FROM lectern.release r
            USING (SELECT id, row_number() OVER (
                     PARTITION BY state IN ('superseded', 'rolled_back') ORDER BY ended_at DESC, id DESC) AS place
                   FROM lectern.release
                   WHERE book_id = \(book)::uuid AND state NOT IN ('published', 'staging')) AS old
            WHERE r.id = old.id AND r.ended_at < now() - \(grace) * interval '1 second'
              AND (old.place > \(ReleaseDirectory.kept) OR r.state IN ('failed', 'cancelled'))
            """, timeout: .seconds(120))
        // From here on no plan is made that counts on what is about to go, and one that was made before is made again.
        try await self.database.execute(
            """
            UPDATE lectern.book
            SET collections = collections + 1, collecting_until = now() + \(Self.patience)::interval WHERE id = \(book)::uuid
            """)
        let removed = try await self.removeTexts(of: book, slug: slug)
        try await self.database.execute("UPDATE lectern.book SET collecting_until = NULL WHERE id = \(book)::uuid")
        return (gone, removed)
    }

    private func removeTexts(of book: String, slug: String) async throws -> Int {
        let prefix = ObjectKey.blobPrefix(book: slug)
        guard let present = try await self.objects.call({ try await self.bucket.list(prefix) }) else { return 0 }
        let rows = try await self.database.query(.objectKeys(book: book), timeout: .seconds(60))
        let wanted = Set(try rows.map { try $0.decode("object_key", as: String.self) })
        return try await self.objects.remove(present.keys.filter { !wanted.contains($0) }.sorted())
    }
}

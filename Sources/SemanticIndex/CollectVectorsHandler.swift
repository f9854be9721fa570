public import JobQueue
public import JobQueuePostgres
import MCP
public import PipelineJobs
public import Postgres
public import TextbookSync

/// Clears away index entries that no release needs, with their vectors.
///
/// An entry is needed as long as any release holds its lesson with its text and labels; releases are forgotten by
/// ``CollectContent``. While entries of a book go, no release of it is planned: one that was about to count on them finds
/// them gone and has them made again.
public struct CollectVectorsHandler: JobHandler {
    /// Entries in one transaction, which keeps releases of the book waiting.
    private static let batch = 50

    private let queue: PostgresJobQueue
    private let database: PostgresClient
    private let vectors: VectorIndex
    private let recipe: IndexRecipe

    /// - Parameter vectors: must be the recipe's collection. Entries of other collections are forgotten, and their
    ///   vectors stay in a collection that nobody asks any more.
    public init(database: PostgresClient, queue: PostgresJobQueue, vectors: VectorIndex, recipe: IndexRecipe) {
        self.database = database
        self.queue = queue
        self.vectors = vectors
        self.recipe = recipe
    }

    public func perform(_ arguments: CollectVectors, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        var entries = 0
        var removed = 0
        for row in try await self.database.query("SELECT id, slug FROM lectern.book ORDER BY slug") {
            let (id, slug): (String, String) = (try row.decode("id"), try row.decode("slug"))
            while true {
                try Task.checkCancellation()
                let gone = try await self.queue.withTransaction(timeout: .seconds(120)) { transaction in
                    try await self.forget(book: id, slug: slug, in: transaction)
                }
                guard gone.entries > 0 else { break }
                entries += gone.entries
                removed += gone.vectors
            }
        }
        return JobOutcome(result: #"{"entries":\#(entries),"vectors":\#(removed)}"#)
    }

    private func forget(
        book: String, slug: String, in transaction: JobTransaction
    ) async throws -> (entries: Int, vectors: Int) {
        _ = try await transaction.query(.publicationLock("pg_advisory_xact_lock", book: slug))
        let stale = try await transaction.query(
            """
            SELECT i.id FROM lectern.lesson_index i JOIN lectern.lesson n ON n.id = i.lesson_id
            WHERE n.book_id = \(book)::uuid AND NOT EXISTS (
              SELECT FROM lectern.release_lesson l JOIN lectern.release r ON r.id = l.release_id
              JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
              JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
              WHERE l.lesson_id = i.lesson_id AND l.content_hash = i.content_hash
                AND coalesce(r.collection, i.collection) = i.collection AND coalesce(r.recipe, i.recipe) = i.recipe
                AND i.labels = \(sql: .indexLabels))
            ORDER BY i.id LIMIT \(Self.batch)
            """, timeout: .seconds(60)
        ).map { try $0.decode("id", as: Int64.self) }
        guard !stale.isEmpty else { return (0, 0) }
        // A vector may serve several entries: an edit leaves most chunks of a lesson as they were.
        let ids = try await transaction.query(
            """
            SELECT DISTINCT k.vector_id FROM lectern.chunk k JOIN lectern.lesson_index i ON i.id = k.entry_id
            WHERE k.entry_id = ANY (\(stale)) AND i.collection = \(self.recipe.collection) AND NOT EXISTS (
              SELECT FROM lectern.chunk o WHERE o.vector_id = k.vector_id AND o.entry_id <> ALL (\(stale)))
            """, timeout: .seconds(60)
        ).map { try $0.decode("vector_id", as: String.self) }
        do {
            try await self.vectors.delete(ids)
        } catch let error as MCPError {
            try Task.checkCancellation()
            throw JobError.retry("vectors_unreachable", "vectors cannot be removed: \(error)")
        }
        _ = try await transaction.execute(
            "DELETE FROM lectern.lesson_index WHERE id = ANY (\(stale))", timeout: .seconds(60))
        return (stale.count, ids.count)
    }
}

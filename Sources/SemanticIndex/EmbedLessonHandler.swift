import ContentHashing
import FoundationEssentials
public import JobQueue
public import JobQueuePostgres
public import LanguageModels
import MCP
public import PipelineJobs
public import Postgres
public import TextbookSync

/// Brings one lesson's text into the search index.
///
/// Vectors go to the vector server first; the rows that make them visible are written with the job's end. A run that
/// dies in between leaves vectors that nobody is shown, and the next run writes the same ones again.
public struct EmbedLessonHandler: JobHandler {
    /// Texts in one call to the model.
    private static let batch = 64

    private let store: IndexEntryStore
    private let bodies: LessonBodies
    private let model: any EmbeddingModel
    private let vectors: VectorIndex
    private let recipe: IndexRecipe

    /// - Parameters:
    ///   - model: must be the recipe's.
    ///   - vectors: must be the recipe's collection.
    public init(
        database: PostgresClient, bodies: LessonBodies, model: any EmbeddingModel, vectors: VectorIndex,
        recipe: IndexRecipe
    ) {
        self.store = IndexEntryStore(database: database, recipe: recipe)
        self.bodies = bodies
        self.model = model
        self.vectors = vectors
        self.recipe = recipe
    }

    public func perform(_ arguments: EmbedLesson, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        guard let id = UUID(uuidString: arguments.lessonID) else {
            throw JobError.permanent("malformed_arguments", "the lesson's id is no UUID")
        }
        let lessonID = id.uuidString.lowercased()
        let hash = arguments.contentHash
        guard let placement = try await self.store.placement(arguments, lessonID: lessonID) else {
            // A newer state of the book took the release's place.
            return JobOutcome(result: try IndexingReport(outcome: .superseded).json())
        }
        let text = try await self.body(placement, contentHash: hash)
        let plan = IndexingPlan(text: text, placement: placement, lessonID: lessonID, recipe: self.recipe)
        let vectors = try await self.embed(plan)
        try await self.upsert(plan, vectors: vectors.byHash, contentHash: hash)
        let entry = IndexEntry(
            lessonID: lessonID, contentHash: hash, placement: placement, chunks: plan.rows,
            postings: plan.postings)
        let report = IndexingReport(
            outcome: .indexed, lesson: placement.lessonSlug, chunks: plan.rows.count, embedded: vectors.computed)
        return JobOutcome(result: try report.json()) { [store] transaction in
            try await store.write(entry, in: transaction)
        }
    }

    private func body(_ placement: LessonPlacement, contentHash: String) async throws -> String {
        do {
            return try await self.bodies.body(objectKey: placement.objectKey, contentHash: contentHash)
        } catch let error as LessonBodyError {
            // A missing or damaged object is put back by the next sync: worth waiting for, within the attempts.
            throw JobError.retry(error.code.rawValue, error.message)
        }
    }

    /// A vector for every text of the plan, by its hash, and how many of them the model had to compute.
    private func embed(_ plan: IndexingPlan) async throws -> (byHash: [String: [Float]], computed: Int) {
        guard !plan.texts.isEmpty else { return ([:], 0) }
        var vectors = try await self.store.vectors(for: Array(plan.texts.keys))
        let missing = plan.texts.filter { vectors[$0.key] == nil }.sorted { $0.key < $1.key }
        for start in stride(from: 0, to: missing.count, by: Self.batch) {
            let batch = missing[start..<min(start + Self.batch, missing.count)]
            let fresh = try await self.compute(batch.map(\.value))
            let named = Dictionary(zip(batch.map(\.key), fresh), uniquingKeysWith: { first, _ in first })
            try await self.store.keep(named)
            vectors.merge(named) { _, new in new }
        }
        return (vectors, missing.count)
    }

    private func compute(_ texts: [String]) async throws -> [[Float]] {
        let vectors: [[Float]]
        do {
            vectors = try await self.model.embed(texts)
        } catch let error as LanguageModelError {
            try Task.checkCancellation()
            // Only what the provider holds against the text itself is beyond repair; a key can be put right.
            guard error.code == .rejected else {
                throw JobError.retry("embedding_failed", "\(error)", after: error.retryAfter)
            }
            throw JobError.permanent("embedding_rejected", "\(error)")
        }
        guard vectors.count == texts.count,
            vectors.allSatisfy({ $0.count == self.recipe.dimension && $0.allSatisfy(\.isFinite) })
        else {
            throw JobError.retry(
                "embedding_malformed", "the model gave no \(texts.count) vectors of \(self.recipe.dimension) numbers")
        }
        return vectors
    }

    private func upsert(
        _ plan: IndexingPlan, vectors: [String: [Float]], contentHash: String
    ) async throws {
        guard !plan.rows.isEmpty else { return }
        let records = plan.records(vectors: vectors, contentHash: contentHash)
        do {
            try await self.vectors.prepare(self.recipe.dimension)
            try await self.vectors.upsert(records)
        } catch let error as MCPError {
            try Task.checkCancellation()
            guard !error.isTransient else {
                throw JobError.retry("vectors_unreachable", "the vector server does not answer: \(error)")
            }
            throw JobError.retry("vectors_refused", "the vector server refused: \(error)")
        }
    }
}

/// The result kept with a finished job.
struct IndexingReport: Encodable, Sendable {
    enum Outcome: String, Encodable, Sendable {
        case indexed
        /// The release was given up, or does not hold the text.
        case superseded
    }

    var outcome: Outcome
    var lesson: String?
    var chunks = 0
    /// Texts that the model had to embed; the others were known.
    var embedded = 0

    func json() throws -> String { try PostgresJSON(encoding: self).text }
}

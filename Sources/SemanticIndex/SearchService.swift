public import LanguageModels
import MCP
public import Postgres
import Textbook
public import TextbookSync

/// Finds the chunks of the published book that say what a query asks.
///
/// The vector server names candidates; the database says which of them belong to the release that readers see, so
/// vectors of earlier texts, of other books and of nobody are never shown.
public struct SearchService: Sendable {
    public static let limits = 1...50
    public static let maximumQueryCharacters = 1_000
    /// The most candidates one search asks the vector server for.
    static let maximumCandidates = 1_000

    private let store: ChunkStore
    private let model: any EmbeddingModel
    private let vectors: VectorIndex
    private let recipe: IndexRecipe
    private let bookSlug: String?

    /// - Parameters:
    ///   - model: must be the recipe's.
    ///   - vectors: must be the recipe's collection.
    ///   - bookSlug: the book to search; `nil` takes the earliest one that has anything published.
    public init(
        database: PostgresClient, model: any EmbeddingModel, vectors: VectorIndex, recipe: IndexRecipe,
        bookSlug: String? = nil
    ) {
        self.store = ChunkStore(database: database)
        self.model = model
        self.vectors = vectors
        self.recipe = recipe
        self.bookSlug = bookSlug
    }

    /// - Throws: ``SearchError``, `PostgresError` when the database does not answer, `CancellationError`.
    public func search(
        _ query: String, limit: Int = 10, filters: SearchFilters = SearchFilters()
    ) async throws -> SearchAnswer {
        let query = try Self.checked(query, limit: limit)
        guard let scope = try await self.store.scope(self.bookSlug, filters, recipe: self.recipe) else {
            return SearchAnswer(results: [], indexing: false, pendingLessons: 0)
        }
        var answer = SearchAnswer(results: [], indexing: scope.pendingLessons > 0, pendingLessons: scope.pendingLessons)
        // Nothing in scope is indexed, which the answer says; a vector server has nothing to add.
        guard scope.chunks > 0 else { return answer }
        let vector = try await self.vector(of: query)
        let filter = self.filter(filters, scope: scope)
        var wanted = limit * 4
        while true {
            let hits = try await self.hits(vector, query, limit: wanted, filter: filter)
            guard !hits.isEmpty else {
                throw SearchError(.indexLost, "the vector server has none of the \(scope.chunks) chunks it was given")
            }
            let candidates = try await self.store.results(for: hits, releaseID: scope.releaseID, filters: filters)
                .sorted(by: SearchSelection.isBetter)
            // Stale vectors may stand before the good ones, and one lesson before all others: then look further.
            if SearchSelection.shareCount(candidates) >= limit || hits.count < wanted
                || candidates.count >= scope.chunks || wanted >= Self.maximumCandidates
            {
                answer.results = SearchSelection.select(candidates, limit: limit)
                return answer
            }
            wanted = min(wanted * 4, Self.maximumCandidates)
        }
    }

    private static func checked(_ query: String, limit: Int) throws -> String {
        guard self.limits.contains(limit) else {
            throw SearchError(
                .invalidLimit, "the limit is from \(self.limits.lowerBound) to \(self.limits.upperBound)")
        }
        // Bytes first: counting the characters of a hostile text costs more than refusing it.
        guard query.utf8.count <= 16 * self.maximumQueryCharacters, query.count <= self.maximumQueryCharacters else {
            throw SearchError(.queryTooLong, "a query has at most \(self.maximumQueryCharacters) characters")
        }
        guard query.unicodeScalars.contains(where: { !$0.properties.isWhitespace && $0.value > 0x1F }) else {
            throw SearchError(.emptyQuery, "the query is empty")
        }
        return query
    }

    private func vector(of query: String) async throws -> [Float] {
        let vectors: [[Float]]
        do {
            vectors = try await self.model.embed([query])
        } catch {
            try Task.checkCancellation()
            throw SearchError(.unavailable, "the embedding model does not answer", underlying: error)
        }
        guard let vector = vectors.first, vector.count == self.recipe.dimension else {
            throw SearchError(.unavailable, "the embedding model gave no vector of \(self.recipe.dimension) numbers")
        }
        return vector
    }

    private func hits(
        _ vector: [Float], _ text: String, limit: Int, filter: [String: JSONValue]
    ) async throws -> [VectorHit] {
        do {
            return try await self.vectors.search(vector, text, limit, filter)
        } catch {
            try Task.checkCancellation()
            throw SearchError(.unavailable, "the vector server does not answer", underlying: error)
        }
    }

    /// What the vectors' metadata must hold. A lesson's labels are current whenever it counts as indexed.
    private func filter(_ filters: SearchFilters, scope: SearchScope) -> [String: JSONValue] {
        var filter: [String: JSONValue] = [
            VectorMetadata.bookSlug: .string(scope.bookSlug), VectorMetadata.model: .string(self.recipe.model),
        ]
        if let part = filters.part { filter[VectorMetadata.partID] = VectorMetadata.partID(part) }
        if let chapter = filters.chapter { filter[VectorMetadata.chapterID] = VectorMetadata.chapterID(chapter) }
        if let type = filters.type { filter[VectorMetadata.lessonType] = .string(type.rawValue) }
        if let slug = filters.lessonSlug { filter[VectorMetadata.lessonSlug] = .string(slug) }
        return filter
    }
}

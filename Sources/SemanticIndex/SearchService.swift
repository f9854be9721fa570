public import LanguageModels
import MCP
public import Postgres
import Textbook
public import TextbookSync

/// Finds the chunks of the published book that say what a query asks.
///
/// Words are compared in the database, meanings by the vector server; both scores make one. The database says which
/// chunks belong to the release that readers see, so vectors of earlier texts, of other books and of nobody are never
/// shown. Where the vectors cannot be had, the words answer alone and the answer says so.
public struct SearchService: Sendable {
    public static let limits = 1...50
    public static let maximumQueryCharacters = 1_000
    /// The most candidates one search asks the vector server for.
    static let maximumCandidates = 1_000

    /// How to search.
    public struct Configuration: Sendable {
        /// `nil` takes those that suit the embedding model.
        public var weights: SearchWeights?
        /// How long the embedding model and the vector server may take together before the words answer alone.
        public var vectorTime: Duration = .milliseconds(300)
        public var glossary = SearchGlossary.empty
        /// The book to search; `nil` takes the earliest one that has anything published.
        public var bookSlug: String?

        /// The defaults, with a book.
        public init(bookSlug: String? = nil) {
            self.bookSlug = bookSlug
        }
    }

    private let store: ChunkStore
    private let model: any EmbeddingModel
    private let vectors: VectorIndex
    private let recipe: IndexRecipe
    private let configuration: Configuration
    private let weights: SearchWeights
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - model: must be the recipe's.
    ///   - vectors: must be the recipe's collection.
    public init(
        database: PostgresClient, model: any EmbeddingModel, vectors: VectorIndex, recipe: IndexRecipe,
        configuration: Configuration = Configuration(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.store = ChunkStore(database: database)
        self.model = model
        self.vectors = vectors
        self.recipe = recipe
        self.configuration = configuration
        self.weights = configuration.weights ?? SearchWeights(for: model)
        self.clock = clock
    }

    /// - Throws: ``SearchError``, `PostgresError` when the database does not answer, `CancellationError`.
    public func search(
        _ query: String, limit: Int = 10, filters: SearchFilters = SearchFilters()
    ) async throws -> SearchAnswer {
        let query = try Self.checked(query, limit: limit)
        let terms = QueryTerms(query, glossary: self.configuration.glossary)
        let ranking = try await self.store.ranking(
            terms, in: self.configuration.bookSlug, filters, limit: max(100, limit * 8), recipe: self.recipe,
            weights: self.weights)
        guard let ranking else { return SearchAnswer(results: [], indexing: false, pendingLessons: 0) }
        var answer = SearchAnswer(
            results: [], indexing: ranking.pendingLessons > 0, pendingLessons: ranking.pendingLessons)
        // Nothing in scope is indexed, which the answer says; a vector server has nothing to add.
        guard ranking.chunks > 0 else { return answer }
        let found = try await self.candidates(terms, ranking, limit: limit, filters: filters)
        answer.degraded = found.isDegraded
        answer.results = self.results(found, ranking, limit: limit)
        var highlighter = Highlighter(stems: terms.stems)
        for index in answer.results.indices {
            answer.results[index].highlights = highlighter.highlights(in: answer.results[index].text)
        }
        answer.didYouMean = try await self.suggestion(query, ranking)
        return answer
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

    private struct Found {
        var candidates: [ChunkCandidate]
        /// Similarities by vector; `nil` where the vectors could not be asked.
        var similarities: [String: Double]?
        var isDegraded: Bool
    }

    /// Chunks with words of the query and chunks that are near to it.
    private func candidates(
        _ terms: QueryTerms, _ ranking: WordRanking, limit: Int, filters: SearchFilters
    ) async throws -> Found {
        let search = SimilarChunks(
            model: self.model, vectors: self.vectors, recipe: self.recipe, clock: self.clock,
            time: self.configuration.vectorTime)
        func load(_ hits: [VectorHit]) async throws -> [ChunkCandidate] {
            try await self.store.candidates(
                ranking.scores.keys, vectorIDs: hits.map(\.id), releaseID: ranking.releaseID, filters: filters,
                recipe: self.recipe)
        }
        guard ranking.collection == self.recipe.collection, ranking.recipe == self.recipe.fingerprint,
            var hits = try await search.first(terms.text, max(50, limit * 4), filters, book: ranking.bookSlug)
        else {
            return Found(candidates: try await load([]), similarities: nil, isDegraded: true)
        }
        while true {
            let candidates = try await load(hits.found)
            let similarities = Dictionary(hits.found.map { ($0.id, $0.score) }, uniquingKeysWith: max)
            let similar = candidates.filter { similarities[$0.vectorID] != nil }
            let isAll = hits.found.count < hits.wanted
            // What the server was given for this release and no longer names is lost.
            let isLost = isAll && (similar.isEmpty || (filters == SearchFilters() && similar.count < ranking.chunks))
            // Stale vectors may stand before the good ones, and one lesson before all others: then look further.
            if SearchSelection.shareCount(similar.map(\.result), limit: limit) >= limit || isAll
                || similar.count >= ranking.chunks || hits.wanted >= Self.maximumCandidates
            {
                return Found(
                    candidates: candidates, similarities: similar.isEmpty ? nil : similarities, isDegraded: isLost)
            }
            guard let more = try await search.more(hits, min(hits.wanted * 4, Self.maximumCandidates)) else {
                return Found(candidates: candidates, similarities: similarities, isDegraded: true)
            }
            hits = more
        }
    }

    private func results(_ found: Found, _ ranking: WordRanking, limit: Int) -> [SearchResult] {
        let weights = self.weights
        var similarities: [ChunkKey: Double]?
        if let known = found.similarities {
            let pairs = found.candidates.compactMap { candidate -> (ChunkKey, Double)? in
                known[candidate.vectorID].map { (candidate.key, $0) }
            }
            similarities = Dictionary(pairs, uniquingKeysWith: max)
        }
        let frames = Set(found.candidates.filter(\.isFrame).map(\.key))
        let fused = ScoreFusion.fused(
            words: ranking.scores, vectors: similarities, weight: weights.vectors,
            factor: { frames.contains($0) ? weights.frameSections : 1 })
        let scores = ScoreFusion.lifted(fused, by: \.entryID, weight: weights.lesson)
        let results = found.candidates.map { candidate in
            var result = candidate.result
            result.score = scores[candidate.key] ?? 0
            return result
        }
        return SearchSelection.select(results.sorted(by: SearchSelection.isBetter), limit: limit)
    }

    /// The query with words of the book in the place of those that the book does not have; `nil` where it has them
    /// all, or none is near. Costs nothing unless a word is unknown.
    private func suggestion(_ query: String, _ ranking: WordRanking) async throws -> String? {
        guard !ranking.unknown.isEmpty else { return nil }
        var corrected = Array(query.utf16)
        var isCorrected = false
        // From the end, so that earlier places stay where they are.
        for word in WordScan(query).words.reversed() {
            let stems = TextNormalizer().stems(word.text)
            guard !stems.isEmpty, stems.allSatisfy(ranking.unknown.contains),
                let plain = TextNormalizer().words(word.text).last
            else { continue }
            let nearby = SpellingSuggestion.stemsNearby(plain)
            guard !nearby.isEmpty else { continue }
            let known = try await self.store.words(
                stems: nearby, beginning: SpellingSuggestion.beginning(plain), releaseID: ranking.releaseID,
                recipe: self.recipe)
            guard let best = SpellingSuggestion.best(for: plain, of: known) else { continue }
            corrected.replaceSubrange(word.range, with: best.utf16)
            isCorrected = true
        }
        return isCorrected ? String(decoding: corrected, as: UTF16.self) : nil
    }
}

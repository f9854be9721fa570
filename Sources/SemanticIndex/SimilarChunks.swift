import LanguageModels
import MCP
import Textbook
import TextbookSync

/// Asks the embedding model and the vector server, for as long as there is time.
struct SimilarChunks {
    let model: any EmbeddingModel
    let vectors: VectorIndex
    let recipe: IndexRecipe
    let clock: any Clock<Duration>
    /// For each of the calls.
    let time: Duration

    struct Hits: Sendable {
        var found: [VectorHit]
        /// How many were asked for.
        var wanted: Int
        var vector: [Float]
        var text: String
        var filter: [String: JSONValue]
    }

    /// The nearest vectors; `nil` when the model or the server does not give them in time.
    func first(_ text: String, _ wanted: Int, _ filters: SearchFilters, book: String) async throws -> Hits? {
        let filter = self.filter(filters, book: book)
        return try await self.attempt {
            guard let vector = try await self.model.embed([text]).first, vector.count == self.recipe.dimension else {
                return nil
            }
            let found = try await self.vectors.search(vector, text, wanted, filter)
            return Hits(found: found, wanted: wanted, vector: vector, text: text, filter: filter)
        }
    }

    /// More of the same; `nil` as above.
    func more(_ hits: Hits, _ wanted: Int) async throws -> Hits? {
        try await self.attempt {
            var more = hits
            more.found = try await self.vectors.search(hits.vector, hits.text, wanted, hits.filter)
            more.wanted = wanted
            return more
        }
    }

    /// What `body` gives; `nil` when it fails or takes too long. Throws `CancellationError` only.
    private func attempt(_ body: @escaping @Sendable () async throws -> Hits?) async throws -> Hits? {
        let hits = await withTaskGroup(of: Hits?.self) { group in
            group.addTask {
                // Whatever is wrong with the vectors, the words can answer.
                (try? await body()) ?? nil
            }
            group.addTask { [clock, time] in
                // Woken early by the other one's end.
                try? await clock.sleep(for: time)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        try Task.checkCancellation()
        return hits
    }

    /// What the vectors' metadata must hold. A lesson's labels are current whenever it counts as indexed.
    private func filter(_ filters: SearchFilters, book: String) -> [String: JSONValue] {
        var filter: [String: JSONValue] = [
            VectorMetadata.bookSlug: .string(book), VectorMetadata.model: .string(self.recipe.model),
        ]
        if let part = filters.part { filter[VectorMetadata.partID] = VectorMetadata.partID(part) }
        if let chapter = filters.chapter { filter[VectorMetadata.chapterID] = VectorMetadata.chapterID(chapter) }
        if let type = filters.type { filter[VectorMetadata.lessonType] = .string(type.rawValue) }
        if let slug = filters.lessonSlug { filter[VectorMetadata.lessonSlug] = .string(slug) }
        return filter
    }
}

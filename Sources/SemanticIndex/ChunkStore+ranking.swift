import FoundationEssentials
import Postgres
import TextbookSync

/// The chunks that have most of a query's words, and what the release they belong to has.
struct WordRanking: Sendable {
    var bookSlug: String
    var releaseID: Int64
    /// By what rules the release is indexed; another recipe's vectors cannot be compared with ours.
    var collection: String
    var recipe: String
    /// Lessons in scope without a current entry.
    var pendingLessons: Int
    /// Chunks in scope.
    var chunks: Int
    /// BM25 scores.
    var scores: [ChunkKey: Double]
    /// Stems of the query that no chunk of the release has.
    var unknown: Set<String>
}

/// A chunk of one entry.
struct ChunkKey: Sendable, Hashable {
    var entryID: Int64
    var index: Int
}

/// A chunk that may be shown.
struct ChunkCandidate: Sendable {
    var key: ChunkKey
    var vectorID: String
    var isFrame: Bool
    var result: SearchResult
}

extension ChunkStore {
    /// Lessons whose chunks are scored. Those that have only frequent ones of the query's stems cannot come first when
    /// so many have rarer ones or more of them; lessons with the same stems are scored together.
    private static let scoredEntries = 300

    /// One statement over the release that readers see; `nil` when nothing is published.
    ///
    /// Reads the entries of the release's lessons and, by primary key, the postings of the query's stems. How rare a
    /// stem is and how long a chunk is on average is counted over the whole release, whatever the filters let through.
    func ranking(
        _ terms: QueryTerms, in bookSlug: String?, _ filters: SearchFilters, limit: Int, recipe: IndexRecipe,
        weights: SearchWeights
    ) async throws -> WordRanking? {
        let stems = terms.stems
        let statement =
            SQL(
                """
                WITH active AS MATERIALIZED (
                  SELECT b.slug, b.active_release, coalesce(r.collection, \(recipe.collection)) AS collection,
                         coalesce(r.recipe, \(recipe.fingerprint)) AS recipe, i.id, i.chunks, t.length, t.lengths,
                         t.is_frame, l.lesson_id IS NOT NULL AND \(sql: .lessons(filters)) AS is_wanted
                  FROM \(sql: .readersBook(bookSlug))
                  JOIN lectern.release r ON r.id = b.active_release
                  LEFT JOIN (lectern.release_lesson l
                             JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
                             JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number)
                    ON l.release_id = b.active_release
                  LEFT JOIN lectern.lesson_index i ON \(sql: .isEntryOfRelease(recipe))
                  LEFT JOIN lectern.entry_text t ON t.entry_id = i.id
                ),
                book AS (
                  SELECT min(slug) AS slug, min(active_release) AS active_release, min(collection) AS collection,
                         min(recipe) AS recipe, count(*) FILTER (WHERE is_wanted AND id IS NULL) AS pending,
                         coalesce(sum(chunks) FILTER (WHERE is_wanted), 0)::int8 AS wanted,
                         coalesce(sum(chunks), 0)::float8 AS total,
                         greatest(sum(length)::float8 / nullif(sum(chunks), 0), 1) AS average
                  FROM active
                ),
                found AS (
                  SELECT p.term, p.entry_id, p.chunks, p.frequencies, a.lengths, a.is_frame, a.is_wanted
                  FROM lectern.posting p JOIN active a ON a.id = p.entry_id
                  WHERE p.term = ANY (\(stems))
                ),
                term AS MATERIALIZED (
                  SELECT c.term, c.chunks,
                         c.weight * power(ln(1 + (b.total - c.chunks + 0.5) / (c.chunks + 0.5)),
                                          \(weights.rareness)::float8) AS rareness
                  FROM (SELECT q.term, q.weight, coalesce(sum(cardinality(f.chunks)), 0)::float8 AS chunks
                        FROM unnest(\(stems), \(stems.map { terms.weights[$0] ?? 1 })) AS q (term, weight)
                        LEFT JOIN found f ON f.term = q.term
                        GROUP BY q.term, q.weight) AS c CROSS JOIN book b
                ),
                best AS MATERIALIZED (
                  SELECT f.entry_id
                  FROM found f JOIN term t ON t.term = f.term
                  WHERE f.is_wanted
                  GROUP BY f.entry_id
                  ORDER BY sum(t.rareness) DESC FETCH FIRST \(Self.scoredEntries) ROWS WITH TIES
                ),
                hit AS (
                  SELECT f.entry_id, f.lengths, f.is_frame, unnest(f.chunks) AS chunk,
                         unnest(f.frequencies) AS frequency, b.average,
                         t.rareness
                  FROM best e JOIN found f ON f.entry_id = e.entry_id JOIN term t ON t.term = f.term CROSS JOIN book b
                ),
                scored AS (
                  SELECT h.entry_id, h.chunk,
                         sum(h.rareness * h.frequency
                             / (h.frequency + \(weights.saturation)::float8
                                * (1 - \(weights.lengthNormalization)::float8
                                   + \(weights.lengthNormalization)::float8 * h.lengths[h.chunk + 1] / h.average)))
                           * min(CASE WHEN h.is_frame[h.chunk + 1] THEN \(weights.frameSections)::float8 ELSE 1 END)
                           AS score
                  FROM hit h
                  GROUP BY h.entry_id, h.chunk
                  ORDER BY score DESC, h.entry_id, h.chunk
                  LIMIT \(limit)
                )
                SELECT b.slug, b.active_release, b.collection, b.recipe, b.pending, b.wanted,
                       ARRAY (SELECT term FROM term WHERE chunks = 0) AS unknown,
                       ARRAY (SELECT entry_id FROM scored ORDER BY score DESC, entry_id, chunk) AS entries,
                       ARRAY (SELECT chunk FROM scored ORDER BY score DESC, entry_id, chunk) AS chunks,
                       ARRAY (SELECT score FROM scored ORDER BY score DESC, entry_id, chunk) AS scores
                FROM book b WHERE b.slug IS NOT NULL
                """
            ).repeated
        let row = try await self.database.withTransaction { transaction in
            // Compiling the statement would take longer than running it.
            try await transaction.execute("SET LOCAL jit = off")
            return try await transaction.queryOne(statement)
        }
        guard let row else { return nil }
        let entries: [Int64] = try row.decode("entries")
        let chunks: [Int] = try row.decode("chunks")
        let scores: [Double] = try row.decode("scores")
        let keys = zip(entries, chunks).map { ChunkKey(entryID: $0, index: $1) }
        return WordRanking(
            bookSlug: try row.decode("slug"), releaseID: try row.decode("active_release"),
            collection: try row.decode("collection"), recipe: try row.decode("recipe"),
            pendingLessons: try row.decode("pending"), chunks: try row.decode("wanted"),
            scores: Dictionary(zip(keys, scores), uniquingKeysWith: max),
            unknown: Set(try row.decode("unknown", as: [String].self)))
    }

    /// The chunks of the release, within the filters, that the keys or the vectors name.
    /// By primary keys and `chunk_vector`.
    func candidates(
        _ keys: some Collection<ChunkKey>, vectorIDs: [String], releaseID: Int64, filters: SearchFilters,
        recipe: IndexRecipe
    ) async throws -> [ChunkCandidate] {
        // What is no UUID was never given out by us.
        let ids = vectorIDs.compactMap(UUID.init(uuidString:))
        let rows = try await self.database.query(
            SQL(
                """
                SELECT k.entry_id, k.chunk_index, k.vector_id, k.role, k.section_title, k.body, l.slug, l.title,
                       t.anchors[k.chunk_index + 1] AS anchor
                FROM (SELECT entry_id, chunk_index
                      FROM unnest(\(keys.map(\.entryID)), \(keys.map(\.index))) AS w (entry_id, chunk_index)
                      UNION
                      SELECT entry_id, chunk_index FROM lectern.chunk WHERE vector_id = ANY (\(ids))) AS w
                JOIN lectern.chunk k ON k.entry_id = w.entry_id AND k.chunk_index = w.chunk_index
                JOIN lectern.lesson_index i ON i.id = k.entry_id
                JOIN lectern.release r ON r.id = \(releaseID)
                JOIN lectern.release_lesson l ON l.release_id = r.id AND l.lesson_id = i.lesson_id
                JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
                JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
                LEFT JOIN lectern.entry_text t ON t.entry_id = i.id
                WHERE \(sql: .isEntryOfRelease(recipe)) AND \(sql: .lessons(filters))
                """
            ).repeated)
        return try rows.map { row in
            let anchor = try row.decode("anchor", as: String?.self) ?? ""
            let role = ChunkRole(rawValue: try row.decode("role")) ?? .content
            let key = ChunkKey(entryID: try row.decode("entry_id"), index: try row.decode("chunk_index"))
            return ChunkCandidate(
                key: key, vectorID: try row.decode("vector_id"), isFrame: role.isFrame,
                result: SearchResult(
                    lessonSlug: try row.decode("slug"), lessonTitle: try row.decode("title"),
                    sectionTitle: try row.decode("section_title"), sectionAnchor: anchor.isEmpty ? nil : anchor,
                    chunkIndex: key.index, text: try row.decode("body"), score: 0))
        }
    }

    /// Words of the release whose stems are among these or begin like that, with the number of their chunks.
    /// By the primary key of `posting`.
    func words(
        stems: [String], beginning: String?, releaseID: Int64, recipe: IndexRecipe
    ) async throws -> [SpellingSuggestion.Known] {
        // Beyond the last word that begins like that; without a beginning no word is.
        let end = beginning.map { "\($0)\u{10FFFF}" } ?? ""
        let rows = try await self.database.query(
            SQL(
                """
                WITH near AS MATERIALIZED (
                  SELECT entry_id, word, cardinality(chunks) AS chunks FROM lectern.posting WHERE term = ANY (\(stems))
                  UNION ALL
                  SELECT entry_id, word, cardinality(chunks) FROM lectern.posting
                  WHERE term >= \(beginning ?? "") AND term < \(end)
                ),
                active AS MATERIALIZED (
                  SELECT i.id
                  FROM lectern.release r
                  JOIN lectern.release_lesson l ON l.release_id = r.id
                  JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
                  JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
                  JOIN lectern.lesson_index i ON \(sql: .isEntryOfRelease(recipe))
                  WHERE r.id = \(releaseID)
                )
                SELECT o.word, sum(o.chunks)::int8 AS chunks
                FROM near o JOIN active a ON a.id = o.entry_id
                GROUP BY o.word ORDER BY chunks DESC, o.word LIMIT 2000
                """
            ).repeated)
        return try rows.map {
            SpellingSuggestion.Known(word: try $0.decode("word"), chunks: try $0.decode("chunks"))
        }
    }
}

extension SQL {
    /// True for the entry `i` of the lesson `l` in its release `r`, by the recipe that the release was indexed by.
    fileprivate static func isEntryOfRelease(_ recipe: IndexRecipe) -> SQL {
        """
        i.lesson_id = l.lesson_id AND i.content_hash = l.content_hash
          AND i.collection = coalesce(r.collection, \(recipe.collection))
          AND i.recipe = coalesce(r.recipe, \(recipe.fingerprint)) AND i.labels = \(sql: .indexLabels)
        """
    }
}

import JobQueuePostgres
import PipelineJobs
import Postgres
import TextbookSync

/// A text to index, and what stands around it in the book.
struct LessonPlacement: Sendable, Hashable {
    var bookSlug: String
    var partNumber: Int
    var partTitle: String
    var chapterNumber: Int
    var chapterTitle: String
    var lessonTitle: String
    var lessonSlug: String
    var lessonType: String
    var objectKey: String
}

/// A chunk as the table keeps it.
struct ChunkRow: Sendable, Encodable {
    var chunkIndex: Int
    var sectionTitle: String
    var headingPath: [String]
    var role: String
    var body: String
    var tokens: Int
    var embedHash: String
    var vectorID: String

    enum CodingKeys: String, CodingKey {
        case role, body, tokens
        case chunkIndex = "chunk_index"
        case sectionTitle = "section_title"
        case headingPath = "heading_path"
        case embedHash = "embed_hash"
        case vectorID = "vector_id"
    }
}

/// One text's entry in the index.
struct IndexEntry: Sendable {
    var lessonID: String
    var contentHash: String
    var placement: LessonPlacement
    var chunks: [ChunkRow]
    var postings: EntryPostings
}

/// The search tables' SQL for the indexing of lessons.
struct IndexEntryStore: Sendable {
    let database: PostgresClient
    let recipe: IndexRecipe

    /// Where the text stands in a release that is staged or shown; `nil` when the release was given up, or does not hold
    /// it. One row by primary keys.
    func placement(_ lesson: EmbedLesson, lessonID: String) async throws -> LessonPlacement? {
        let row = try await self.database.queryOne(
            """
            SELECT b.slug AS book_slug, p.number AS part_number, p.title AS part_title, c.number AS chapter_number,
                   c.title AS chapter_title, l.title, l.slug, l.type, l.object_key
            FROM lectern.release r
            JOIN lectern.book b ON b.id = r.book_id
            JOIN lectern.release_lesson l ON l.release_id = r.id AND l.lesson_id = \(lessonID)::uuid
            JOIN lectern.chapter c ON c.release_id = l.release_id AND c.number = l.chapter_number
            JOIN lectern.part p ON p.release_id = l.release_id AND p.number = c.part_number
            WHERE r.id = \(lesson.releaseID) AND r.state IN ('staging', 'published')
              AND l.content_hash = \(lesson.contentHash)
            """)
        guard let row else { return nil }
        return LessonPlacement(
            bookSlug: try row.decode("book_slug"), partNumber: try row.decode("part_number"),
            partTitle: try row.decode("part_title"), chapterNumber: try row.decode("chapter_number"),
            chapterTitle: try row.decode("chapter_title"), lessonTitle: try row.decode("title"),
            lessonSlug: try row.decode("slug"), lessonType: try row.decode("type"),
            objectKey: try row.decode("object_key"))
    }

    /// Vectors that were computed before, by the hash of their text. By primary key.
    func vectors(for hashes: [String]) async throws -> [String: [Float]] {
        let rows = try await self.database.query(
            """
            SELECT embed_hash, vector FROM lectern.embedding
            WHERE model = \(self.recipe.model) AND dimension = \(self.recipe.dimension) AND embed_hash = ANY (\(hashes))
            """)
        var vectors: [String: [Float]] = [:]
        for row in rows {
            let bytes: [UInt8] = try row.decode("vector")
            vectors[try row.decode("embed_hash")] = VectorBytes.vector(from: bytes, dimension: self.recipe.dimension)
        }
        return vectors
    }

    /// Keeps vectors, so that a later failure of the same job does not compute them again.
    func keep(_ vectors: [String: [Float]]) async throws {
        let sorted = vectors.sorted { $0.key < $1.key }
        try await self.database.execute(
            """
            INSERT INTO lectern.embedding (model, dimension, embed_hash, vector)
            SELECT \(self.recipe.model), \(self.recipe.dimension)::int4, v.embed_hash, v.vector
            FROM unnest(\(sorted.map(\.key)), \(sorted.map { VectorBytes.bytes(of: $0.value) })) AS v (embed_hash, vector)
            ON CONFLICT (model, dimension, embed_hash) DO NOTHING
            """)
    }

    /// Writes the entry, unless it is there: what it holds follows from its key.
    func write(_ entry: IndexEntry, in transaction: JobTransaction) async throws {
        let row = try await transaction.queryOne(
            """
            INSERT INTO lectern.lesson_index (lesson_id, content_hash, collection, recipe, labels, chunks)
            VALUES (\(entry.lessonID)::uuid, \(entry.contentHash), \(self.recipe.collection),
                    \(self.recipe.fingerprint), \(entry.placement.labels), \(entry.chunks.count))
            ON CONFLICT (lesson_id, content_hash, collection, recipe, labels) DO NOTHING RETURNING id
            """)
        guard let id = try row?.decode("id", as: Int64.self) else { return }
        try await transaction.execute(
            """
            INSERT INTO lectern.chunk (entry_id, chunk_index, section_title, heading_path, role, body, tokens, embed_hash,
                                       vector_id)
            SELECT \(id)::int8, chunk_index, section_title, heading_path, role, body, tokens, embed_hash, vector_id
            FROM jsonb_to_recordset(\(try PostgresJSON(encoding: entry.chunks)))
                   AS k (chunk_index integer, section_title text, heading_path text[], role text, body text,
                         tokens integer, embed_hash text, vector_id uuid)
            """)
        try await PostingStore.write(entry.postings, entryID: id, in: transaction)
    }
}

extension LessonPlacement {
    /// In the order of `SQL.indexLabels`.
    var labels: [String] {
        [
            "\(self.partNumber)", self.partTitle, "\(self.chapterNumber)", self.chapterTitle, self.lessonTitle,
            self.lessonSlug, self.lessonType,
        ]
    }
}

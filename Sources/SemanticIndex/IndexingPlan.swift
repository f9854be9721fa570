import ContentHashing
import MCP
import TextbookSync

/// What one lesson's text becomes in the index, before any vector is known.
struct IndexingPlan {
    let lessonID: String
    let placement: LessonPlacement
    let recipe: IndexRecipe
    let rows: [ChunkRow]
    /// The texts to embed by their hash. Equal texts share one vector's numbers.
    let texts: [String: String]
    let postings: EntryPostings

    init(text: String, placement: LessonPlacement, lessonID: String, recipe: IndexRecipe) {
        let breadcrumb = [placement.partTitle, placement.chapterTitle, placement.lessonTitle]
        var rows: [ChunkRow] = []
        var texts: [String: String] = [:]
        var occurrences: [String: Int] = [:]
        let chunks = Chunker().chunks(of: text, breadcrumb: breadcrumb)
        for chunk in chunks {
            let hash = SHA256Hex.of(chunk.embedText)
            texts[hash] = chunk.embedText
            occurrences[hash, default: 0] += 1
            rows.append(
                ChunkRow(
                    chunkIndex: rows.count, sectionTitle: chunk.sectionTitle.storable,
                    headingPath: chunk.headingPath.map(\.storable), role: chunk.role.rawValue,
                    body: chunk.body.storable,
                    tokens: chunk.tokens, embedHash: hash,
                    vectorID: VectorID.make(
                        collection: recipe.collection, lessonID: lessonID, labels: placement.labels, embedHash: hash,
                        occurrence: occurrences[hash, default: 1])))
        }
        self.lessonID = lessonID
        self.placement = placement
        self.recipe = recipe
        self.rows = rows
        self.texts = texts
        self.postings = EntryPostings(of: chunks, text: text, titles: breadcrumb)
    }

    /// The vectors with their metadata, in the order of the chunks.
    func records(vectors: [String: [Float]], contentHash: String) -> [VectorRecord] {
        self.rows.compactMap { row in
            guard let vector = vectors[row.embedHash] else { return nil }
            return VectorRecord(
                id: row.vectorID, vector: vector,
                metadata: [
                    VectorMetadata.lessonID: .string(self.lessonID),
                    VectorMetadata.lessonSlug: .string(self.placement.lessonSlug),
                    VectorMetadata.lessonType: .string(self.placement.lessonType),
                    VectorMetadata.chapterID: VectorMetadata.chapterID(self.placement.chapterNumber),
                    VectorMetadata.partID: VectorMetadata.partID(self.placement.partNumber),
                    VectorMetadata.bookSlug: .string(self.placement.bookSlug),
                    VectorMetadata.chunkIndex: .integer(Int64(row.chunkIndex)),
                    VectorMetadata.sectionTitle: .string(row.sectionTitle),
                    VectorMetadata.contentHash: .string(contentHash),
                    VectorMetadata.model: .string(self.recipe.model),
                ], text: row.body)
        }
    }
}

extension String {
    /// PostgreSQL's text holds no NUL; Markdown shows one as U+FFFD too (CommonMark 0.31.2, section 2.3).
    fileprivate var storable: String { self.replacing("\0", with: "\u{FFFD}") }
}

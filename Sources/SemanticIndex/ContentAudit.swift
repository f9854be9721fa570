import MCP
public import Postgres
public import TextbookSync

/// What the database, the bucket and the vector server say of the published book, counted.
public struct ContentReport: Codable, Sendable, Hashable {
    /// The slug of the book.
    public var book: String
    public var release: Int64
    public var lessons: Int
    /// Lessons whose text stands in the bucket, by the size and checksum that the storage server tells.
    public var objects: Int
    /// Lessons that the search index holds as they are.
    public var indexedLessons: Int
    /// Chunks of these lessons.
    public var chunks: Int
    /// Vectors of the book in the vector server, those of earlier texts included.
    public var vectors: Int
    /// Slugs of lessons whose text is missing or another one; at most ``ContentAudit/listed``.
    public var brokenObjects: [String]
    /// Slugs of lessons that wait to be indexed; at most ``ContentAudit/listed``.
    public var unindexed: [String]

    /// Everything is where it should be.
    public var isComplete: Bool {
        self.lessons > 0 && self.objects == self.lessons && self.indexedLessons == self.lessons
            && self.vectors >= self.chunks
    }

    enum CodingKeys: String, CodingKey {
        case book, release, lessons, objects, chunks, vectors, unindexed
        case indexedLessons = "indexed_lessons"
        case brokenObjects = "broken_objects"
    }
}

/// Compares what is published with what the storage and the vector server really hold. Writes nothing.
public struct ContentAudit: Sendable {
    /// Names listed in a report, per kind of fault.
    public static let listed = 20
    private static let parallelHeads = 8

    private let catalog: ContentCatalog
    private let store: ChunkStore
    private let bucket: LessonBucket
    private let vectors: VectorIndex
    private let recipe: IndexRecipe

    /// - Parameter bookSlug: the book to look at; `nil` takes the earliest one that has anything published.
    public init(
        database: PostgresClient, bucket: LessonBucket, vectors: VectorIndex, recipe: IndexRecipe,
        bookSlug: String? = nil
    ) {
        self.catalog = ContentCatalog(database: database, bookSlug: bookSlug)
        self.store = ChunkStore(database: database)
        self.bucket = bucket
        self.vectors = vectors
        self.recipe = recipe
    }

    /// - Throws: `CatalogError` when nothing is published, and what the database or one of the servers throws: a
    ///   count that could not be taken is never reported as a number.
    public func run() async throws -> ContentReport {
        let book = try await self.catalog.book()
        let lessons = book.lessons
        let broken = try await self.broken(lessons)
        let unindexed = try await self.store.unindexed(book.slug, recipe: self.recipe)
        let scope = try await self.store.scope(book.slug, SearchFilters(), recipe: self.recipe)
        let chunks = scope?.chunks ?? 0
        // A collection is made by the first lesson that is indexed: before that there is nothing to count.
        let vectors =
            chunks == 0
            ? 0
            : try await self.vectors.count([
                VectorMetadata.bookSlug: .string(book.slug), VectorMetadata.model: .string(self.recipe.model),
            ])
        return ContentReport(
            book: book.slug, release: book.releaseID, lessons: lessons.count, objects: lessons.count - broken.count,
            indexedLessons: lessons.count - unindexed.count, chunks: chunks, vectors: vectors,
            brokenObjects: Array(broken.sorted().prefix(Self.listed)),
            unindexed: Array(unindexed.prefix(Self.listed)))
    }

    /// Slugs of the lessons whose text is not in the bucket.
    private func broken(_ lessons: [PublishedLesson]) async throws -> [String] {
        try await withThrowingTaskGroup(of: String?.self) { group in
            var broken: [String] = []
            for (index, lesson) in lessons.enumerated() {
                if index >= Self.parallelHeads, let slug = try await group.next() ?? nil { broken.append(slug) }
                group.addTask { try await self.bucket.holds(lesson) ? nil : lesson.slug }
            }
            for try await slug in group {
                if let slug { broken.append(slug) }
            }
            return broken
        }
    }
}

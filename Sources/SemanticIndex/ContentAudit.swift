import ContentHashing
import MCP
public import Postgres
import Textbook
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
    /// Slugs of lessons whose readable name in the bucket is missing or holds another text.
    public var brokenAliases: [String]
    /// Slugs of lessons of whose vectors the vector server has lost some.
    public var lostVectors: [String]
    /// Texts in the bucket that no release refers to; they go with the next collection.
    public var unusedObjects: Int
    /// Texts that were read and hashed, whatever the storage server tells of them.
    public var rehashed: Int
    /// When a comparison last came to its end, before this one: RFC 3339, UTC.
    public var lastVerifiedAt: String?

    /// Everything is where it should be.
    public var isComplete: Bool {
        self.lessons > 0 && self.objects == self.lessons && self.indexedLessons == self.lessons
            && self.vectors >= self.chunks && self.brokenAliases.isEmpty && self.lostVectors.isEmpty
    }

    enum CodingKeys: String, CodingKey {
        case book, release, lessons, objects, chunks, vectors, unindexed
        case indexedLessons = "indexed_lessons"
        case brokenObjects = "broken_objects"
        case brokenAliases = "broken_aliases"
        case lostVectors = "lost_vectors"
        case unusedObjects = "unused_objects"
        case rehashed
        case lastVerifiedAt = "last_verified_at"
    }
}

/// Compares what is published with what the storage and the vector server really hold. Changes none of them; that it
/// looked, and what it found, is written down.
public struct ContentAudit: Sendable {
    /// Names listed in a report, per kind of fault.
    public static let listed = 20
    private static let parallel = 8

    private let database: PostgresClient
    private let catalog: ContentCatalog
    private let store: ChunkStore
    private let bucket: LessonBucket
    private let vectors: VectorIndex
    private let recipe: IndexRecipe
    private let samples: Int

    /// - Parameters:
    ///   - bookSlug: the book to look at; `nil` takes the earliest one that has anything published.
    ///   - samples: so many texts are read and hashed, others every time, all in turn.
    public init(
        database: PostgresClient, bucket: LessonBucket, vectors: VectorIndex, recipe: IndexRecipe,
        bookSlug: String? = nil, samples: Int = 20
    ) {
        self.database = database
        self.catalog = ContentCatalog(database: database, bookSlug: bookSlug)
        self.store = ChunkStore(database: database)
        self.bucket = bucket
        self.vectors = vectors
        self.recipe = recipe
        self.samples = samples
    }

    /// - Throws: `CatalogError` when nothing is published, and what the database or one of the servers throws: a
    ///   count that could not be taken is never reported as a number.
    public func run() async throws -> ContentReport {
        let book = try await self.catalog.bookAsStored()
        let lessons = book.lessons
        let earlier = try await self.earlier(book)
        let present = try await self.bucket.list(ObjectKey.blobPrefix(book: book.slug))
        let sample = Self.sample(of: lessons, size: self.samples, round: earlier.count)
        let broken = try await self.slugs(of: lessons) { lesson in
            if sample.contains(lesson.slug) {
                return try await self.isBroken(lesson)
            }
            return try await !self.bucket.holds(
                lesson.objectKey, size: lesson.sizeBytes, sha256: lesson.sha256, listed: present)
        }
        let aliases = try await self.bucket.list(ObjectKey.lessonPrefix(book: book.slug))
        let brokenAliases = try await self.slugs(of: lessons) { lesson in
            try await !self.bucket.holds(
                lesson.bucketPath, size: lesson.sizeBytes, sha256: lesson.sha256, listed: aliases)
        }
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
        let report = ContentReport(
            book: book.slug, release: book.releaseID, lessons: lessons.count, objects: lessons.count - broken.count,
            indexedLessons: lessons.count - unindexed.count, chunks: chunks, vectors: vectors,
            brokenObjects: Self.names(broken), unindexed: Array(unindexed.prefix(Self.listed)),
            brokenAliases: Self.names(brokenAliases),
            lostVectors: Self.names(try await self.lostVectors(lessons)),
            unusedObjects: try await self.unused(present, book), rehashed: sample.count,
            lastVerifiedAt: earlier.last)
        try await self.database.execute(
            """
            INSERT INTO lectern.content_audit (book_id, release_id, is_clean, report)
            VALUES (\(book.id)::uuid, \(book.releaseID), \(report.isComplete), \(try PostgresJSON(encoding: report)))
            """)
        return report
    }

    private static func names(_ slugs: [String]) -> [String] { Array(slugs.sorted().prefix(Self.listed)) }

    /// How often the book was looked at, and when last.
    private func earlier(_ book: PublishedBook) async throws -> (count: Int, last: String?) {
        let row = try await self.database.queryOne(
            """
            SELECT count(*) AS audits, to_char(max(ended_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last
            FROM lectern.content_audit WHERE book_id = \(book.id)::uuid
            """)
        return (try row?.decode("audits") ?? 0, try row?.decode("last"))
    }

    /// Another stretch of the book every round, so that every text has its turn.
    private static func sample(of lessons: [PublishedLesson], size: Int, round: Int) -> Set<String> {
        guard !lessons.isEmpty, size > 0 else { return [] }
        let size = min(size, lessons.count)
        let start = round % lessons.count * size % lessons.count
        return Set((0..<size).map { lessons[(start + $0) % lessons.count].slug })
    }

    private func slugs(
        of lessons: [PublishedLesson], where isBroken: @escaping @Sendable (PublishedLesson) async throws -> Bool
    ) async throws -> [String] {
        try await withThrowingTaskGroup(of: String?.self) { group in
            var slugs: [String] = []
            for (index, lesson) in lessons.enumerated() {
                if index >= Self.parallel, let slug = try await group.next() ?? nil { slugs.append(slug) }
                group.addTask { try await isBroken(lesson) ? lesson.slug : nil }
            }
            for try await slug in group {
                if let slug { slugs.append(slug) }
            }
            return slugs
        }
    }

    /// Reads the text. A server that runs its tool and fails, for example since the object is damaged, does not have it.
    private func isBroken(_ lesson: PublishedLesson) async throws -> Bool {
        do {
            guard let body = try await self.bucket.get(lesson.objectKey) else { return true }
            return SHA256Hex.of(body) != lesson.sha256
        } catch let error as MCPError where error.code == .toolFailed {
            return true
        }
    }

    /// Lessons with fewer vectors than chunks, by the vector server's own count.
    private func lostVectors(_ lessons: [PublishedLesson]) async throws -> [String] {
        let indexed = lessons.filter { !$0.vectorIDs.isEmpty }
        return try await self.slugs(of: indexed) { lesson in
            let count = try await self.vectors.count([
                VectorMetadata.lessonID: .string(lesson.id), VectorMetadata.model: .string(self.recipe.model),
            ])
            return count < Set(lesson.vectorIDs).count
        }
    }

    private func unused(_ present: [String: BlobInfo]?, _ book: PublishedBook) async throws -> Int {
        guard let present else { return 0 }
        let rows = try await self.database.query(.objectKeys(book: book.id), timeout: .seconds(60))
        let wanted = Set(try rows.map { try $0.decode("object_key", as: String.self) })
        return present.keys.count { !wanted.contains($0) }
    }
}

import ContentHashing
import Postgres
import Textbook

extension Book {
    /// The book as it was when it was published.
    /// - Parameter rows: those of `contentTree` that the published book was made from; they tell the files too.
    /// - Throws: `PostgresError` with `.decoding` when a row holds what this version does not know.
    init(_ published: PublishedBook, rows: [PostgresRow]) throws {
        var sources: [String: String] = [:]
        for row in rows {
            guard let slug = try row.decode("slug", as: String?.self) else { continue }
            sources[slug] = try row.decode("source_path", as: String.self)
        }
        self.init(
            slug: published.slug, title: published.title, language: published.language,
            parts: try published.parts.map { try Part($0, sources: sources) })
    }
}

extension Part {
    init(_ published: PublishedPart, sources: [String: String]) throws {
        guard let layer = Layer(published.layer), let tier = Tier(published.tier) else {
            throw PostgresError(code: .decoding, message: "the layer or tier of part \(published.number) is unknown")
        }
        self.init(
            number: published.number, title: published.title, layer: layer, tier: tier,
            folderName: published.folderName, weekStart: published.weekStart, weekEnd: published.weekEnd,
            chapters: try published.chapters.map { chapter in
                Chapter(
                    number: chapter.number, localNumber: chapter.localNumber, title: chapter.title,
                    folderName: chapter.folderName, prerequisites: chapter.prerequisites,
                    transitionCheck: chapter.transitionCheck,
                    lessons: try chapter.lessons.map { try Lesson($0, source: sources[$0.slug] ?? "") })
            })
    }
}

extension Lesson {
    init(_ published: PublishedLesson, source: String) throws {
        // The blob's name is the SHA-256 of its bytes.
        let blob = published.objectKey.dropFirst(ObjectKey.blobPrefix(book: published.bookSlug).count)
        guard let type = LessonType(rawValue: published.type), let hash = ContentHash(hex: published.contentHash) else {
            throw PostgresError(code: .decoding, message: "the type or hash of lesson \(published.slug) is unknown")
        }
        self.init(
            number: published.number, title: published.title, slug: published.slug, type: type, contentHash: hash,
            sha256: String(blob.prefix(64)), bucketPath: published.bucketPath,
            sidebarPosition: published.sidebarPosition, estimatedMinutes: published.estimatedMinutes,
            goals: published.goals, sizeBytes: published.sizeBytes, sourcePath: source)
    }
}

import ProcessBootstrap
import SemanticIndex
import TextbookSync

/// Compares the database, the bucket and the vector server for a command.
enum ContentVerification {
    typealias Report = ContentReport

    static func run(_ backends: Backends, _ settings: Settings) async throws -> Report {
        let index = try IndexParts(
            model: backends.embedding, modelFolder: settings.embedding.folder, client: backends.vectors,
            mapping: backends.vectorMapping, collectionPrefix: settings.vectors.container)
        return try await ContentAudit(
            database: backends.database, bucket: LessonBucket(backends.objects), vectors: index.vectors,
            recipe: index.recipe, bookSlug: settings.book
        ).run()
    }

    static func print(_ report: Report) {
        Terminal.put(
            """
            book     \(report.book), release \(report.release)
            lessons  \(report.lessons), stored \(report.objects), indexed \(report.indexedLessons)
            chunks   \(report.chunks), vectors \(report.vectors)
            """)
        for slug in report.brokenObjects { Terminal.put("missing or altered in the bucket: \(slug)") }
        for slug in report.unindexed { Terminal.put("not indexed: \(slug)") }
    }

    static func throwIfIncomplete(_ report: Report) throws {
        guard report.isComplete else { throw CommandFailure(.permanent, "the content is not complete") }
    }
}

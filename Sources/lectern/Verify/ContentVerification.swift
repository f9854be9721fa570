import ProcessBootstrap
import SemanticIndex
import TextbookSync

/// Compares the database, the bucket and the vector server for a command.
enum ContentVerification {
    typealias Report = ContentReport

    /// - Parameters:
    ///   - samples: so many texts are read and hashed.
    ///   - repairs: what is broken is put right, and looked at again.
    static func run(
        _ backends: Backends, _ settings: Settings, samples: Int = 20, repairs: Bool = false
    ) async throws -> Report {
        let index = try IndexParts(
            model: backends.embedding, modelFolder: settings.embedding.folder, client: backends.vectors,
            mapping: backends.vectorMapping, collectionPrefix: settings.vectors.container)
        let bucket = LessonBucket(backends.objects)
        let audit = ContentAudit(
            database: backends.database, bucket: bucket, vectors: index.vectors, recipe: index.recipe,
            bookSlug: settings.book, samples: samples)
        let report = try await audit.run()
        guard repairs, !report.isComplete else { return report }
        let outcome = try await ContentRepair(
            database: backends.database, queue: backends.jobs, bucket: bucket, bookSlug: settings.book
        ).run(report)
        Terminal.say(
            "put back \(outcome.objectsRestored) texts, handed \(outcome.lessonsEnqueued) lessons to the indexing")
        for slug in outcome.irreparable {
            Terminal.say("the text of \(slug) stands nowhere any more: run lectern resync with its book")
        }
        return try await self.after(repair: audit)
    }

    /// Looks again until everything is there, or for a minute.
    private static func after(repair audit: ContentAudit) async throws -> Report {
        let deadline = ContinuousClock().now + .seconds(60)
        while true {
            let report = try await audit.run()
            if report.isComplete || ContinuousClock().now >= deadline { return report }
            try await Task.sleep(for: .seconds(1))
        }
    }

    static func print(_ report: Report) {
        Terminal.put(
            """
            book     \(report.book), release \(report.release)
            lessons  \(report.lessons), stored \(report.objects), indexed \(report.indexedLessons)
            chunks   \(report.chunks), vectors \(report.vectors)
            hashed   \(report.rehashed) texts; looked at before: \(report.lastVerifiedAt ?? "never")
            """)
        for slug in report.brokenObjects { Terminal.put("missing or altered in the bucket: \(slug)") }
        for slug in report.brokenAliases { Terminal.put("readable name missing or altered: \(slug)") }
        for slug in report.unindexed { Terminal.put("not indexed: \(slug)") }
        for slug in report.lostVectors { Terminal.put("vectors lost: \(slug)") }
        if report.unusedObjects > 0 { Terminal.put("unused   \(report.unusedObjects) texts, collected in time") }
    }

    static func throwIfIncomplete(_ report: Report) throws {
        guard report.isComplete else { throw CommandFailure(.permanent, "the content is not complete") }
    }
}

import ArgumentParser
import ProcessBootstrap
import SemanticIndex
import ServiceLifecycle
import TextbookSync

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare the database, the bucket and the vector server.",
        discussion: "Writes nothing. Exits 0 when every lesson is stored and indexed, 7 when something is missing.")

    @OptionGroup var options: ProcessOptions
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func run() async throws {
        let report = try await BackendSession.run(self.options) { backends, settings in
            let index = IndexParts(
                model: backends.embedding, client: backends.vectors, mapping: backends.vectorMapping,
                collectionPrefix: settings.vectors.container)
            return try await ContentAudit(
                database: backends.database, bucket: LessonBucket(backends.objects), vectors: index.vectors,
                recipe: index.recipe, bookSlug: settings.book
            ).run()
        }
        switch self.output {
        case .json: try Terminal.put(json: report)
        case .text:
            Terminal.put(
                """
                book     \(report.book), release \(report.release)
                lessons  \(report.lessons), stored \(report.objects), indexed \(report.indexedLessons)
                chunks   \(report.chunks), vectors \(report.vectors)
                """)
            for slug in report.brokenObjects { Terminal.put("missing or altered in the bucket: \(slug)") }
            for slug in report.unindexed { Terminal.put("not indexed: \(slug)") }
        }
        guard report.isComplete else { throw CommandFailure(.permanent, "the content is not complete") }
    }
}

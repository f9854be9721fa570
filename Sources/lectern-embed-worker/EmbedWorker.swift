import ArgumentParser
import JobQueue
import JobQueuePostgres
import ProcessBootstrap
import SemanticIndex
import TextbookSync

/// Chunks and embeds lessons.
@main
struct EmbedWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern-embed-worker", abstract: "Chunks lessons, embeds the chunks, fills the vector server.")

    @OptionGroup var options: ProcessOptions

    func run() async throws {
        let process = try await ServiceProcess(.embedWorker, options: self.options)
        let backends = try Backends(process)
        let index = try IndexParts(
            model: backends.embedding, modelFolder: process.settings.embedding.folder, client: backends.vectors,
            mapping: backends.vectorMapping, collectionPrefix: process.settings.vectors.container)
        var registry = JobRegistry<JobTransaction>()
        registry.register(
            EmbedLessonHandler(
                database: backends.database, bodies: LessonBodies(store: backends.objects), model: index.model,
                vectors: index.vectors, recipe: index.recipe))
        registry.register(
            CollectVectorsHandler(
                database: backends.database, queue: backends.jobs, vectors: index.vectors, recipe: index.recipe))
        registry.register(
            VerifyContentHandler(
                database: backends.database, queue: backends.jobs, bucket: LessonBucket(backends.objects),
                vectors: index.vectors, recipe: index.recipe))
        try await process.run(backends.workerServices(registry: registry))
    }
}

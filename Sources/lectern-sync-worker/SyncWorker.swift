import ArgumentParser
import JobQueue
import JobQueuePostgres
import LearningPaths
import ProcessBootstrap
import SemanticIndex
import TextbookSync

/// Brings books to the bucket and publishes them.
@main
struct SyncWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern-sync-worker", abstract: "Plans and carries out content releases.")

    @OptionGroup var options: ProcessOptions

    func run() async throws {
        let process = try await ServiceProcess(.syncWorker, options: self.options)
        let backends = try Backends(process)
        let index = try IndexParts(
            model: backends.embedding, modelFolder: process.settings.embedding.folder, client: backends.vectors,
            mapping: backends.vectorMapping, collectionPrefix: process.settings.vectors.container)
        var registry = JobRegistry<JobTransaction>()
        let bucket = LessonBucket(backends.objects)
        let review = try CurriculumReview()
        registry.register(
            SyncBookHandler(
                database: backends.database, bucket: bucket, recipe: index.recipe, review: review.findings))
        registry.register(StoreObjectHandler(database: backends.database, bucket: bucket))
        registry.register(AdvanceResyncHandler(recipe: index.recipe))
        registry.register(PlaceAliasesHandler(database: backends.database, bucket: bucket))
        registry.register(CollectContentHandler(database: backends.database, bucket: bucket))
        try await process.run(backends.workerServices(registry: registry))
    }
}

import ArgumentParser
import JobQueue
import JobQueuePostgres
import Personalization
import ProcessBootstrap
import TextbookSync
import Webhooks

/// Writes lessons anew for slices of profiles.
@main
struct PersonalizeWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern-personalize-worker", abstract: "Writes lessons anew for learners' profiles.")

    @OptionGroup var options: ProcessOptions

    func run() async throws {
        let process = try await ServiceProcess(.personalizeWorker, options: self.options)
        let backends = try Backends(process)
        let settings = process.settings
        let writing = try WritingParts(backends, bodies: LessonBodies(store: backends.objects))
        var configuration = PersonalizeLessonHandler.Configuration()
        configuration.bookSlug = settings.book
        var registry = JobRegistry<JobTransaction>()
        registry.register(
            PersonalizeLessonHandler(
                database: backends.database, queue: backends.jobs, parts: writing.parts, writer: writing.writer,
                configuration: configuration))
        registry.register(
            PrewarmLessonsHandler(
                Prewarmer(
                    database: backends.database, queue: backends.jobs, parts: writing.parts, bookSlug: settings.book),
                budget: settings.prewarmTokens))
        registry.register(CollectCacheHandler(CacheKeeper(database: backends.database)))
        // Also without a file: messages to receivers that the operator took out are to end, not to wait.
        let endpoints = try process.settings.web.webhooksFile.map { try WebhookEndpoints(file: $0) }
        registry.register(
            DeliverWebhookHandler(endpoints: endpoints ?? WebhookEndpoints([]), client: WebhookClient()))
        try await process.run(backends.workerServices(registry: registry))
    }
}

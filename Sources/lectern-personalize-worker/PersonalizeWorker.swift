import ArgumentParser
import JobQueue
import JobQueuePostgres
import Personalization
import ProcessBootstrap
import TextbookSync
import Webhooks

/// Writes lessons anew for learners.
@main
struct PersonalizeWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern-personalize-worker", abstract: "Writes lessons anew for a learner's profile.")

    @OptionGroup var options: ProcessOptions

    func run() async throws {
        let process = try await ServiceProcess(.personalizeWorker, options: self.options)
        let backends = try Backends(process)
        var configuration = PersonalizeLessonHandler.Configuration()
        configuration.bookSlug = process.settings.book
        var registry = JobRegistry<JobTransaction>()
        registry.register(
            PersonalizeLessonHandler(
                database: backends.database, bodies: LessonBodies(store: backends.objects),
                model: try backends.chat.map { try ChatGenerator(model: $0) }, embedded: try EmbeddedGenerator(),
                configuration: configuration))
        // Also without a file: messages to receivers that the operator took out are to end, not to wait.
        let endpoints = try process.settings.web.webhooksFile.map { try WebhookEndpoints(file: $0) }
        registry.register(
            DeliverWebhookHandler(endpoints: endpoints ?? WebhookEndpoints([]), client: WebhookClient()))
        try await process.run(backends.workerServices(registry: registry))
    }
}

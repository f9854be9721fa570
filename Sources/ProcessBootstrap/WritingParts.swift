import LanguageModels
import Logging
public import Personalization
import PipelineJobs

/// Who writes lessons in this installation: the providers of the operators' file, and behind them the embedded rules.
public struct WritingParts: Sendable {
    public let parts: PersonalizationParts
    public let writer: any SectionWriter

    /// The writers that the settings name.
    /// - Parameter bodies: where lessons are read.
    /// - Throws: ``PersonalizationError`` when a bundled file is missing or has another shape.
    public init(_ backends: Backends, bodies: any LessonBodySource) throws {
        let process = backends.process
        try self.init(
            bodies: bodies,
            providers: GuardedProvider.all(
                process.settings.providers, ledger: ModelLedger(database: backends.database), logger: process.logger
            ) { backends.chatModel($0) })
    }

    /// Writers over given providers.
    public init(bodies: any LessonBodySource, providers: [any SectionProvider]) throws {
        let embedded = try EmbeddedSectionWriter()
        let writer: any SectionWriter =
            providers.isEmpty ? embedded : try ChatSectionWriter(providers: providers, embedded: embedded)
        self.parts = try PersonalizationParts(
            bodies: bodies, model: providers.isEmpty ? nil : writer.recipe)
        self.writer = writer
    }
}

public import JobQueue
public import JobQueuePostgres
import LanguageModels
import Learners
import Logging
public import PipelineJobs
public import Postgres
import TextbookSync

/// Writes one lesson for one learner and fills the cache row in the transaction that ends the job.
public struct PersonalizeLessonHandler: JobHandler {
    /// When the embedded generator takes over from a model.
    public struct Configuration: Sendable {
        /// The book whose lessons are meant; `nil` for the only one there is.
        public var bookSlug: String?
        /// Runs that may fail on an unavailable model before the embedded generator writes.
        public var modelAttempts = 3
        /// A model that asks for a longer pause than this is not waited for.
        public var longestModelPause: Duration = .seconds(30)

        /// The defaults.
        public init() {}
    }

    private let store: PersonalizedLessonStore
    private let learners: LearnerStore
    private let bodies: any LessonBodySource
    private let model: (any LessonGenerator)?
    private let embedded: EmbeddedGenerator
    private let configuration: Configuration

    /// A handler over the shared client.
    /// - Parameter model: writes first, when there is one; the embedded generator writes when it cannot.
    public init(
        database: PostgresClient, bodies: any LessonBodySource, model: (any LessonGenerator)?,
        embedded: EmbeddedGenerator, configuration: Configuration = Configuration()
    ) {
        self.store = PersonalizedLessonStore(database: database, bookSlug: configuration.bookSlug)
        self.learners = LearnerStore(database: database)
        self.bodies = bodies
        self.model = model
        self.embedded = embedded
        self.configuration = configuration
    }

    /// What a finished job says of itself.
    private struct Result: Encodable, Sendable {
        var outcome: String
        var generator: String?
        var attempts: Int?
        var promptTokens: Int?
        var completionTokens: Int?

        enum CodingKeys: String, CodingKey {
            case outcome, generator, attempts
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
        }
    }

    /// Performs one run. A failure that ends the job is written to the cache row as well.
    public func perform(
        _ arguments: PersonalizeLesson, context: JobContext
    ) async throws -> JobOutcome<JobTransaction> {
        guard let key = PersonalizationKey(arguments) else {
            throw JobError.permanent("malformed_arguments", "The job's user id is no UUID of version 4.")
        }
        do {
            return try await self.write(key, context)
        } catch let error as JobError {
            try await self.noteEnd(key, error, context)
            throw error
        }
    }

    private func write(_ key: PersonalizationKey, _ context: JobContext) async throws -> JobOutcome<JobTransaction> {
        // Cleared rows and changed answers are looked for first: nobody would see the text.
        guard try await self.store.row(key)?.state == .pending,
            let preferences = try await self.learners.preferences(key.userID),
            preferences.preferencesHash == key.preferencesHash
        else {
            context.logger.info("nobody waits for the lesson any more")
            return try .finished(Result(outcome: "withdrawn")) { [store] transaction in
                // Somebody may have asked again since the look above, and have joined this very job.
                if try await store.isAwaited(key, jobID: context.jobID, in: transaction) {
                    throw JobError.snooze("asked_again", "the lesson was asked for again", for: .zero)
                }
            }
        }
        let lesson = try await self.lesson(key)
        let written = try await self.generate(lesson, preferences.profile, context)
        context.logger.info(
            "lesson personalized",
            metadata: ["generator": "\(written.generator)", "model_attempts": "\(written.attempts)"])
        let store = self.store
        let result = Result(
            outcome: "written", generator: written.generator, attempts: written.attempts,
            promptTokens: written.promptTokens, completionTokens: written.completionTokens)
        return try .finished(result) { transaction in
            try await store.finish(key, written, in: transaction)
        }
    }

    private func lesson(_ key: PersonalizationKey) async throws -> LessonSource {
        guard let material = try await self.store.material(key) else {
            throw JobError.permanent("lesson_gone", "No release holds this text of the lesson any more.")
        }
        do {
            let body = try await self.bodies.body(objectKey: material.objectKey, contentHash: key.contentHash)
            return LessonSource(title: material.title, markdown: Array(body.utf8))
        } catch let error as JobError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as LessonBodyError where !error.isRetryable {
            throw JobError.permanent(error.code.rawValue, "The lesson's text cannot be had from the bucket.")
        } catch {
            throw JobError.retry("storage_unreachable", "The lesson's text could not be read.")
        }
    }

    private func generate(
        _ lesson: LessonSource, _ profile: LearnerProfile, _ context: JobContext
    ) async throws -> GeneratedLesson {
        if let model = self.model {
            do {
                return try await model.write(lesson, for: profile)
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as LanguageModelError {
                // A run that is called off says nothing about the model: whoever runs the job next asks it again.
                try Task.checkCancellation()
                if let retry = self.retry(after: error, context) { throw retry }
                context.logger.warning(
                    "model given up, the embedded generator writes", metadata: ["model_error": "\(error.code)"])
            } catch let error as PersonalizationError {
                context.logger.warning(
                    "model's text refused, the embedded generator writes",
                    metadata: ["error_code": "\(error.code.rawValue)", "reason": "\(error.message)"])
            }
        }
        do {
            return try self.embedded.write(lesson, for: profile)
        } catch {
            throw JobError.permanent(error.code.rawValue, error.message)
        }
    }

    /// The error that has the run repeated, or `nil` when the model is not worth waiting for.
    private func retry(after error: LanguageModelError, _ context: JobContext) -> JobError? {
        guard error.isTransient, context.attempt < self.configuration.modelAttempts, !context.isLastAttempt else {
            return nil
        }
        if let pause = error.retryAfter, pause > self.configuration.longestModelPause { return nil }
        return .retry("model_unavailable", "The language model did not answer.", after: error.retryAfter)
    }

    private func noteEnd(_ key: PersonalizationKey, _ error: JobError, _ context: JobContext) async throws {
        let isRetryable: Bool
        switch error.disposition {
        case .permanent: isRetryable = false
        case .retry where context.isLastAttempt: isRetryable = true
        case .retry, .snooze: return
        }
        let failure = PersonalizedLesson.Failure(
            code: error.code, message: error.message, isRetryable: isRetryable)
        try await self.store.fail(key, failure, jobID: context.jobID)
    }
}

extension JobOutcome {
    /// An outcome whose result is kept as JSON.
    fileprivate static func finished(
        _ result: some Encodable, commit: (@Sendable (Transaction) async throws -> Void)? = nil
    ) throws -> JobOutcome {
        JobOutcome(result: try PostgresJSON(encoding: result).text, commit: commit)
    }
}

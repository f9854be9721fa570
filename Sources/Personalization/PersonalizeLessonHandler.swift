public import FoundationEssentials
public import JobQueue
public import JobQueuePostgres
import Learners
import Logging
public import PipelineJobs
public import Postgres
import TextbookSync

/// Writes a lesson's sections for one slice, each of them once in the whole fleet, and fills the cache rows of
/// everybody who waits in the transaction that ends the job.
public struct PersonalizeLessonHandler: JobHandler {
    /// Limits and times.
    public struct Configuration: Sendable {
        /// The book whose lessons are meant; `nil` for the only one there is.
        public var bookSlug: String?
        /// Runs that may end without an available model before the embedded rules write for good.
        public var modelAttempts = 3
        /// Sections of one lesson that are written at the same time.
        public var concurrency = 4
        /// How long what the rules wrote stands in for a model that could not be asked, and for one whose answers could
        /// not be taken: whoever asks meanwhile gets it at once, and nobody pays for the same refusal again.
        public var pauseAfterOutage: Duration = .seconds(60)
        public var pauseAfterRefusal: Duration = .seconds(6 * 3_600)
        /// Between two looks at a section that another run writes.
        public var pause = Duration.milliseconds(20)...Duration.milliseconds(250)

        /// The defaults.
        public init() {}
    }

    let store: PersonalizedLessonStore
    let generations: GenerationStore
    let parts: PersonalizationParts
    let writer: any SectionWriter
    let configuration: Configuration
    private let queue: PostgresJobQueue
    private let now: @Sendable () -> Date

    /// A handler over the shared client.
    /// - Parameters:
    ///   - writer: writes sections; by the recipe of the parts.
    ///   - now: dates the ends that callers are told of.
    public init(
        database: PostgresClient, queue: PostgresJobQueue, parts: PersonalizationParts, writer: any SectionWriter,
        configuration: Configuration = Configuration(), now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = PersonalizedLessonStore(
            database: database, bookSlug: configuration.bookSlug, recipe: writer.recipe.fingerprint)
        self.generations = GenerationStore(database: database)
        self.parts = parts
        self.writer = writer
        self.configuration = configuration
        self.queue = queue
        self.now = now
    }

    /// What a finished job says of itself.
    private struct Result: Encodable, Sendable {
        var outcome: String
        var sections: Int?
        /// Sections that this run wrote; the others were there.
        var written: Int?
        /// Those of them that the embedded rules wrote in a model's place.
        var fallbacks: Int?
        var promptTokens: Int?
        var completionTokens: Int?

        enum CodingKeys: String, CodingKey {
            case outcome, sections, written, fallbacks
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
        }
    }

    /// Performs one run. A failure that ends the job is written to the cache rows as well.
    public func perform(
        _ arguments: PersonalizeLesson, context: JobContext
    ) async throws -> JobOutcome<JobTransaction> {
        guard let slice = ProfileSlice(text: arguments.slice) else {
            throw JobError.permanent("malformed_arguments", "The job's slice is none.")
        }
        do {
            guard try await self.isWanted(context.jobID, isPrewarm: arguments.isPrewarm) else {
                return try self.withdrawn(context)
            }
            let plan = try await self.plan(arguments)
            let run = LessonRun(
                handler: self, plan: plan, slice: slice, lessonSlug: arguments.lessonSlug,
                payer: try await self.store.payer(of: context.jobID), isPrewarm: arguments.isPrewarm, context: context)
            let work = try await run.perform()
            return try self.finished(work, try await self.checkedTexts(work, plan), plan, context)
        } catch is LessonRun.Unwanted {
            return try self.withdrawn(context)
        } catch let error as JobError {
            try await self.noteEnd(error, context)
            throw error
        }
    }

    /// Whether somebody would see the text: rows may have been cleared, and answers changed, since the job was asked for.
    func isWanted(_ jobID: JobID, isPrewarm: Bool) async throws -> Bool {
        if isPrewarm { return true }
        return try await self.store.isAwaited(jobID, in: self.store.database)
    }

    private func withdrawn(_ context: JobContext) throws -> JobOutcome<JobTransaction> {
        context.logger.info("nobody waits for the lesson any more")
        return try .finished(Result(outcome: "withdrawn")) { [store] transaction in
            // Somebody may have asked again since the look above, and have joined this very job.
            if try await store.isAwaited(context.jobID, in: transaction) {
                throw JobError.snooze("asked_again", "the lesson was asked for again", for: .zero)
            }
        }
    }

    /// An honest error is better than a lesson that lost something where its sections meet.
    /// - Returns: the texts of the sections, in their order.
    private func checkedTexts(_ work: LessonRun.Work, _ plan: LessonPlan) async throws -> [String] {
        let texts = try await self.generations.texts(work.entries.map(\.key), in: self.store.database)
        guard let texts else { throw Self.sectionsGone }
        let faults = AssembledLesson.faults(of: texts, plan)
        guard faults.isEmpty else {
            throw JobError.permanent(
                "rejected_text",
                "The sections do not fit together: \(faults.map(\.check.rawValue).joined(separator: ", ")).")
        }
        return texts
    }

    private static let sectionsGone = JobError.retry(
        "sections_gone", "Sections of the lesson were deleted while it was written.")

    private func finished(
        _ work: LessonRun.Work, _ texts: [String], _ plan: LessonPlan, _ context: JobContext
    ) throws -> JobOutcome<JobTransaction> {
        let fallbacks = work.written.count(where: \.isFallback)
        context.logger.info(
            "lesson personalized",
            metadata: [
                "sections": "\(work.entries.count)", "written": "\(work.written.count)", "fallbacks": "\(fallbacks)",
            ])
        let result = Result(
            outcome: "written", sections: work.entries.count, written: work.written.count,
            fallbacks: fallbacks,
            promptTokens: work.written.reduce(0) { $0 + $1.promptTokens },
            completionTokens: work.written.reduce(0) { $0 + $1.completionTokens })
        let cost = work.written.reduce(Int64(0)) { $0 + $1.costMicros }
        let (store, generations, parts, writer, now) = (
            self.store, self.generations, self.parts, self.writer, self.now
        )
        return try .finished(result, costMicros: cost) { transaction in
            guard try await generations.hold(work.entries.map(\.key), in: transaction) else { throw Self.sectionsGone }
            for (hash, profile) in try await store.waitingProfiles(context.jobID, in: transaction) {
                let lesson = AssembledLesson(
                    plan, for: profile, entries: work.entries, texts: texts, framing: parts.framing,
                    promptVersion: writer.recipe.promptVersion)
                try await store.finish(context.jobID, preferencesHash: hash, with: lesson, in: transaction)
            }
            try await WebhookRequests.enqueueDeliveries(jobID: context.jobID, at: now(), in: transaction)
        }
    }

    private func plan(_ arguments: PersonalizeLesson) async throws -> LessonPlan {
        let material = try await self.store.material(slug: arguments.lessonSlug, contentHash: arguments.contentHash)
        guard let material else {
            throw JobError.permanent("lesson_gone", "No release holds this text of the lesson any more.")
        }
        do {
            return try await self.parts.plans.plan(
                title: material.title, objectKey: material.objectKey, contentHash: arguments.contentHash)
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

    private func noteEnd(_ error: JobError, _ context: JobContext) async throws {
        let isRetryable: Bool
        switch error.disposition {
        case .permanent: isRetryable = false
        case .retry where context.isLastAttempt: isRetryable = true
        case .retry, .snooze: return
        }
        let failure = PersonalizedLesson.Failure(
            code: error.code, message: error.message, isRetryable: isRetryable)
        try await self.queue.withTransaction { [store, now] transaction in
            try await store.fail(context.jobID, failure, in: transaction)
            try await WebhookRequests.enqueueDeliveries(jobID: context.jobID, at: now(), in: transaction)
        }
    }
}

extension JobOutcome {
    /// An outcome whose result is kept as JSON.
    fileprivate static func finished(
        _ result: some Encodable, costMicros: Int64? = nil,
        commit: (@Sendable (Transaction) async throws -> Void)? = nil
    ) throws -> JobOutcome {
        JobOutcome(result: try PostgresJSON(encoding: result).text, costMicros: costMicros, commit: commit)
    }
}

import ContentHashing
public import FoundationEssentials
import JobQueue
public import JobQueuePostgres
public import Learners
import PipelineJobs
public import Postgres
import Synchronization
import TextbookSync

/// Asks for personalized lessons and looks after what was asked for.
///
/// The cache row is the learner's single flight: only the transaction that inserts it asks for a job. The job is that
/// of the lesson and the slice, so whoever needs the same text meanwhile waits for the same job. A lesson whose
/// sections are all there needs none.
public final class PersonalizationService: Sendable {
    /// Limits and times.
    public struct Configuration: Sendable {
        /// The book whose lessons are meant; `nil` for the only one there is.
        public var bookSlug: String?
        /// The largest text a caller may send along, in bytes.
        public var maximumContentBytes = 1024 * 1024
        /// The longest pause between two looks at a row that somebody waits for.
        public var longestPause: Duration = .milliseconds(200)
        /// Callers that may wait at the same time; the others are told to come back.
        public var maximumWaiters = 2_048
        /// How long a text that nobody withdrew is worth waiting for; its job is stopped after that.
        public var patience: Duration = .seconds(86_400)
        /// How long a request may look whether every section is there already, before it asks for a job anyway.
        public var assemblyTime: Duration = .milliseconds(500)

        /// The defaults.
        public init() {}
    }

    let configuration: Configuration
    let store: PersonalizedLessonStore
    let generations: GenerationStore
    let parts: PersonalizationParts
    let queue: PostgresJobQueue
    let inspector: JobInspector
    let paces = QueuePaces()
    let waiters = Mutex(0)
    let lookUps: Coalescer<PersonalizedLessonStore.Question, PersonalizedLessonStore.Standing?>
    let makeOperationID: @Sendable () -> UUID

    /// A service over the shared client and queue.
    /// - Parameter makeOperationID: ids of operations; random unless a test wants them known.
    public init(
        database: PostgresClient, queue: PostgresJobQueue, parts: PersonalizationParts,
        configuration: Configuration = Configuration(), makeOperationID: @escaping @Sendable () -> UUID = { UUID() }
    ) {
        self.configuration = configuration
        let store = PersonalizedLessonStore(
            database: database, bookSlug: configuration.bookSlug, recipe: parts.recipe.fingerprint)
        self.store = store
        self.generations = GenerationStore(database: database)
        self.parts = parts
        self.queue = queue
        self.inspector = JobInspector(database: database)
        self.lookUps = Coalescer(maximumLeaders: 2, maximumItems: 128) { try await store.standings($0) }
        self.makeOperationID = makeOperationID
    }

    /// Answers with the text, or sees to it that one job writes it.
    ///
    /// A row that failed is requested anew. The operation, the job and the pending row are written in one transaction;
    /// workers are woken after it.
    /// - Parameters:
    ///   - originalContent: the lesson's file as the caller knows it; must be the published one.
    ///   - options: the lane and the trace of the job.
    /// - Throws: ``PersonalizationError`` with `unknownUser`, `notOnboarded`, `unknownLesson`, `contentMismatch` or
    ///   `contentTooLarge`; the database's own error otherwise.
    public func request(
        userID: LearnerID, slug: String, originalContent: String? = nil, options: EnqueueOptions = EnqueueOptions()
    ) async throws -> PersonalizationAnswer {
        // Each further round means that another caller, a change of answers or a publication came in between.
        for _ in 0..<8 {
            let (key, row) = try await self.standing(userID, slug, originalContent)
            if let row {
                guard let settled = try await self.resolved(row) else { continue }
                guard case .failed = settled.state else { return try await self.answer(settled) }
            }
            guard let profile = try await self.profile(of: key) else { continue }
            if let answer = try await self.shared(key, profile, replacing: row?.jobID) { return answer }
            let operationID = self.makeOperationID()
            var options = options
            options.waiter = EnqueueOptions.Waiter(
                name: Self.waiterName(operationID), patience: self.configuration.patience)
            let job = PersonalizeLesson(
                lessonSlug: key.lessonSlug, contentHash: key.contentHash, slice: ProfileSlice(profile).text,
                recipe: self.parts.recipe.fingerprint)
            let filed = try await self.queue.withTransaction { [options] transaction in
                guard
                    try await self.store.claim(
                        key, operationID: operationID, replacing: row?.jobID, in: transaction)
                else { return false }
                let job = try await transaction.enqueue(job, options: options)
                try await self.store.file(key, operationID: operationID, jobID: job.id, in: transaction)
                return true
            }
            if filed, var row = try await self.store.row(key) {
                // A worker may have been faster than this look. A miss has one answer all the same: come back for it.
                row.state = .pending
                return try await self.answer(row, isNew: true)
            }
        }
        throw PersonalizationError(.contended, "Too much changed while this was asked for; ask again.")
    }

    /// What the cache holds for the lesson's current text and the learner's current answers. Never enqueues.
    /// - Throws: ``PersonalizationError`` with `unknownUser`, `notOnboarded`, `unknownLesson` or `notRequested`.
    public func poll(userID: LearnerID, slug: String) async throws -> PersonalizationAnswer {
        let (_, row) = try await self.standing(userID, slug, nil)
        guard let row, let settled = try await self.resolved(row) else {
            throw PersonalizationError(.notRequested, "This lesson was not asked for with the current answers.")
        }
        return try await self.answer(settled)
    }

    /// Deletes the learner's cache. Jobs under way find the rows gone and fill nothing; those that nobody else waits for
    /// are stopped.
    /// - Returns: how many rows were deleted.
    /// - Throws: ``PersonalizationError`` with `unknownUser`.
    public func clearCache(userID: LearnerID) async throws -> Int {
        guard let cleared = try await self.store.clear(userID) else {
            throw PersonalizationError(.unknownUser, "There is no such user.")
        }
        for wait in cleared.waits {
            _ = try await self.inspector.leave(wait.job, waiter: Self.waiterName(wait.operation))
        }
        return cleared.count
    }

    /// Who waits for a job: the operation that asked for it.
    static func waiterName(_ operation: UUID) -> String { operation.uuidString.lowercased() }

    func standing(
        _ userID: LearnerID, _ slug: String, _ originalContent: String?
    ) async throws -> (PersonalizationKey, PersonalizedLesson?) {
        if let originalContent, originalContent.utf8.count > self.configuration.maximumContentBytes {
            throw PersonalizationError(
                .contentTooLarge, "The text exceeds \(self.configuration.maximumContentBytes) bytes.")
        }
        // The database cannot hold a NUL in text, and no slug is that long: both are simply unknown.
        let isPlausible = slug.utf8.count <= 512 && !slug.isEmpty && !slug.utf8.contains { $0 < 0x20 || $0 == 0x7F }
        let asked = isPlausible ? slug : ""
        var standing = try await self.lookUps.answer(for: .init(userID: userID, slug: asked))
        if standing != nil, standing?.slug == nil, isPlausible,
            let present = try await self.store.presentSlug(of: asked)
        {
            standing = try await self.lookUps.answer(for: .init(userID: userID, slug: present))
        }
        guard let standing else { throw PersonalizationError(.unknownUser, "There is no such user.") }
        guard let preferencesHash = standing.preferencesHash else {
            throw PersonalizationError(.notOnboarded, "The user has not answered the onboarding questions.")
        }
        guard let slug = standing.slug, let contentHash = standing.contentHash else {
            throw PersonalizationError(.unknownLesson, "There is no such lesson.")
        }
        if let originalContent, ContentHash(of: originalContent).hex != contentHash {
            throw PersonalizationError(.contentMismatch, "The text sent is not the text of this lesson.")
        }
        let key = PersonalizationKey(
            userID: userID, lessonSlug: slug, contentHash: contentHash, preferencesHash: preferencesHash)
        return (key, standing.row)
    }
}

import JobQueue
import Learners
import Postgres

extension PersonalizationService {
    /// The text of a ready lesson, put together from what is stored: whoever needs it often keeps it by its hash.
    /// - Throws: ``PersonalizationError`` with `notRequested` when the row went meanwhile.
    public func content(of text: PersonalizedLesson.Text, _ key: PersonalizationKey) async throws -> String {
        guard let pieces = try await self.store.pieces(key, textHash: text.hash),
            let sections = try await self.generations.texts(pieces.sections, in: self.store.database)
        else {
            throw PersonalizationError(.notRequested, "The text was withdrawn while it was asked for; ask again.")
        }
        return LessonFrame.assemble(sections: sections, frame: pieces.frame)
    }

    /// The learner's answers under a key; `nil` when they changed.
    func profile(of key: PersonalizationKey) async throws -> LearnerProfile? {
        guard let preferences = try await LearnerStore(database: self.store.database).preferences(key.userID),
            preferences.preferencesHash == key.preferencesHash
        else { return nil }
        return preferences.profile
    }

    /// Answers at once where every section of the lesson was written before for others who do not differ there.
    /// - Returns: `nil` when a section is missing, and when the lesson's text could not be read in time: a job will.
    func shared(
        _ key: PersonalizationKey, _ profile: LearnerProfile, replacing stale: JobID?
    ) async throws -> PersonalizationAnswer? {
        guard let plan = try await self.plan(of: key) else { return nil }
        let keys = plan.keys(for: ProfileSlice(profile), by: self.parts.recipe)
        let known = try await self.generations.entries(keys)
        let entries = keys.compactMap { known[$0] }
        guard entries.count == keys.count,
            let texts = try await self.generations.texts(entries.map(\.key), in: self.store.database),
            AssembledLesson.faults(of: texts, plan).isEmpty
        else { return nil }
        let lesson = AssembledLesson(
            plan, for: profile, entries: entries, texts: texts, framing: self.parts.framing,
            promptVersion: self.parts.recipe.promptVersion)
        let operationID = self.makeOperationID()
        let isFilled = try await self.store.database.withTransaction { transaction in
            try await self.store.fill(key, with: lesson, operationID: operationID, replacing: stale, in: transaction)
        }
        // Another caller was first: what it wrote is what counts.
        guard isFilled, let row = try await self.store.row(key), case .ready = row.state else { return nil }
        return try await self.answer(row)
    }

    func plan(of key: PersonalizationKey) async throws -> LessonPlan? {
        guard let material = try await self.store.material(slug: key.lessonSlug, contentHash: key.contentHash) else {
            return nil
        }
        do {
            return try await withThrowingTaskGroup(of: LessonPlan?.self) { group in
                group.addTask {
                    try await self.parts.plans.plan(
                        title: material.title, objectKey: material.objectKey, contentHash: key.contentHash)
                }
                group.addTask {
                    try await Task.sleep(for: self.configuration.assemblyTime)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // The bucket is away. The job reads it again, and says so where that does not help.
            return nil
        }
    }
}

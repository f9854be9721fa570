import ContentHashing
import FoundationEssentials
import JobQueue
import Learners
import Postgres

extension PersonalizedLessonStore {
    /// An operation as it was filed.
    struct FiledOperation: Sendable {
        var id: UUID
        var key: PersonalizationKey
        var jobID: JobID
        var createdAt: Date
    }

    /// An operation of this learner; another's is as good as none.
    /// - Parameter userID: `nil` where the operation's id alone is the capability.
    func operation(_ id: UUID, of userID: LearnerID?) async throws -> FiledOperation? {
        let row = try await self.database.queryOne(
            """
            SELECT user_id, lesson_slug, content_hash, preferences_hash, job_id, created_at FROM lectern.operation
            WHERE id = \(id) AND (\(userID?.uuid as UUID?)::uuid IS NULL OR user_id = \(userID?.uuid as UUID?))
            """)
        return try row.map {
            FiledOperation(
                id: id,
                key: PersonalizationKey(
                    userID: try $0.learnerID(), lessonSlug: try $0.decode("lesson_slug"),
                    contentHash: try $0.decode("content_hash"), preferencesHash: try $0.decode("preferences_hash")),
                jobID: JobID(rawValue: try $0.decode("job_id")), createdAt: try $0.decode("created_at"))
        }
    }
}

extension PersonalizedLessonStore {
    /// The learner who was first to ask for a job, in the form in which spending is booked: a hash that leads to nobody.
    func payer(of jobID: JobID) async throws -> String? {
        let row = try await self.database.queryOne(
            """
            SELECT user_id FROM lectern.operation WHERE job_id = \(jobID.rawValue) ORDER BY created_at, id LIMIT 1
            """)
        return try row.map { SHA256Hex.of("payer:" + (try $0.decode("user_id", as: UUID.self)).uuidString) }
    }
}

extension PostgresRow {
    /// The row's columns of `lectern.personalized_lesson`.
    func personalizedLesson() throws -> PersonalizedLesson {
        try self.personalizedLesson(
            PersonalizationKey(
                userID: try self.learnerID(), lessonSlug: try self.decode("lesson_slug"),
                contentHash: try self.decode("content_hash"), preferencesHash: try self.decode("preferences_hash")))
    }

    /// The same of a row whose key is known.
    func personalizedLesson(_ key: PersonalizationKey) throws -> PersonalizedLesson {
        PersonalizedLesson(
            key: key, state: try self.personalizedState(),
            jobID: JobID(rawValue: try self.decode("job_id")), operationID: try self.decode("operation_id"))
    }

    fileprivate func learnerID() throws -> LearnerID {
        guard let userID = LearnerID(try self.decode("user_id", as: UUID.self)) else {
            throw PersonalizationError(.corruptRow, "A stored user id is no UUID of version 4.")
        }
        return userID
    }

    private func personalizedState() throws -> PersonalizedLesson.State {
        switch try self.decode("state", as: String.self) {
        case "pending": .pending
        case "ready":
            .ready(
                PersonalizedLesson.Text(
                    hash: try self.decode("text_hash"), generator: try self.decode("generator"),
                    promptVersion: try self.decode("prompt_version", as: String?.self),
                    generatedAt: try self.decode("generated_at"), isShared: try self.decode("is_shared")))
        case "failed":
            .failed(
                PersonalizedLesson.Failure(
                    code: try self.decode("error_code"),
                    message: try self.decode("error_message", as: String?.self) ?? "",
                    isRetryable: try self.decode("retryable")))
        default: throw PersonalizationError(.corruptRow, "A stored state of a personalized lesson is unknown.")
        }
    }
}

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
    func operation(_ id: UUID, of userID: LearnerID) async throws -> FiledOperation? {
        let row = try await self.database.queryOne(
            """
            SELECT lesson_slug, content_hash, preferences_hash, job_id, created_at FROM lectern.operation
            WHERE id = \(id) AND user_id = \(userID.uuid)
            """)
        return try row.map {
            FiledOperation(
                id: id,
                key: PersonalizationKey(
                    userID: userID, lessonSlug: try $0.decode("lesson_slug"),
                    contentHash: try $0.decode("content_hash"), preferencesHash: try $0.decode("preferences_hash")),
                jobID: JobID(rawValue: try $0.decode("job_id")), createdAt: try $0.decode("created_at"))
        }
    }
}

extension PostgresRow {
    /// The row's columns of `lectern.personalized_lesson`.
    func personalizedLesson() throws -> PersonalizedLesson {
        guard let userID = LearnerID(try self.decode("user_id", as: UUID.self)) else {
            throw PersonalizationError(.corruptRow, "A stored user id is no UUID of version 4.")
        }
        return PersonalizedLesson(
            key: PersonalizationKey(
                userID: userID, lessonSlug: try self.decode("lesson_slug"),
                contentHash: try self.decode("content_hash"), preferencesHash: try self.decode("preferences_hash")),
            state: try self.personalizedState(),
            jobID: JobID(rawValue: try self.decode("job_id")), operationID: try self.decode("operation_id"))
    }

    private func personalizedState() throws -> PersonalizedLesson.State {
        switch try self.decode("state", as: String.self) {
        case "pending": .pending
        case "ready":
            .ready(
                PersonalizedLesson.Text(
                    content: try self.decode("personalized_content"), generator: try self.decode("generator"),
                    promptVersion: try self.decode("prompt_version", as: String?.self),
                    generatedAt: try self.decode("generated_at")))
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

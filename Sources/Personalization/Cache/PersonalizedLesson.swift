public import FoundationEssentials
public import JobQueue

/// A row of the cache: one lesson for one learner, written, being written or failed.
public struct PersonalizedLesson: Hashable, Sendable {
    /// How far a lesson came.
    public enum State: Hashable, Sendable {
        case pending
        case ready(Text)
        case failed(Failure)
    }

    /// What was written.
    public struct Text: Hashable, Sendable {
        /// XXH3-128 of the whole text in hexadecimal digits: the same text has the same hash for whomever it is.
        public var hash: String
        /// Who wrote it, as the learner is told.
        public var generator: String
        /// The version of the prompt, where there was one.
        public var promptVersion: String?
        public var generatedAt: Date
        /// No section had to be written for it: others had the same ones before.
        public var isShared: Bool
    }

    /// Why nothing was written.
    public struct Failure: Hashable, Sendable {
        /// A machine word, `storage_unreachable`.
        public var code: String
        /// A sentence for people.
        public var message: String
        /// Whether asking again makes sense.
        public var isRetryable: Bool
    }

    public var key: PersonalizationKey
    public var state: State
    /// The job that writes it.
    public var jobID: JobID
    /// The operation under which its first caller asked for it.
    public var operationID: UUID
}

/// What a caller was told to come back for.
public struct PersonalizationOperation: Hashable, Sendable {
    /// How far it came.
    public enum State: String, Hashable, Sendable, Codable {
        case queued, running, succeeded, failed, cancelled
    }

    public var id: UUID
    public var lessonSlug: String
    public var state: State
    public var createdAt: Date?
    /// Jobs ahead of it, while it is queued.
    public var position: Int?
    /// The expected time until the text is there, while it is queued or running.
    public var eta: Duration?
    /// Set when it failed.
    public var failure: PersonalizedLesson.Failure?

    /// Whole seconds after which looking again makes sense: the estimate, within 1 … 30.
    public var retryAfterSeconds: Int {
        guard let eta = self.eta else { return 1 }
        return Int(min(30, max(1, (eta / .seconds(1)).rounded(.up))))
    }
}

/// The answer to a request or a poll.
public enum PersonalizationAnswer: Hashable, Sendable {
    /// The text is there.
    case ready(PersonalizedLesson.Text, PersonalizationKey)
    /// A job is under way; `isNew` when this very request enqueued it.
    case pending(PersonalizationOperation, PersonalizationKey, isNew: Bool)
    /// The last attempt failed; the lesson itself stays readable.
    case failed(PersonalizedLesson.Failure, PersonalizationOperation, PersonalizationKey)
}

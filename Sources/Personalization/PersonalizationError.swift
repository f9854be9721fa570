/// Why a lesson was not personalized.
public struct PersonalizationError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Hashable, Sendable {
        /// There is no such learner.
        case unknownUser = "unknown_user"
        /// The learner has not answered the onboarding questions.
        case notOnboarded = "not_onboarded"
        /// No published lesson has this slug.
        case unknownLesson = "unknown_lesson"
        /// The text sent is not the lesson's own.
        case contentMismatch = "content_mismatch"
        /// The text sent is larger than any lesson may be.
        case contentTooLarge = "content_too_large"
        /// Nothing was asked for under this key, or it was cleared.
        case notRequested = "not_requested"
        /// There is no such operation of this learner.
        case unknownOperation = "unknown_operation"
        /// Too many changes came in between; asking again helps.
        case contended
        /// A file that belongs to this module is missing or unreadable.
        case resourceUnreadable = "resource_unreadable"
        /// The text written did not pass the checks.
        case rejectedText = "rejected_text"
        /// The lesson's body could not be read.
        case bodyUnreadable = "body_unreadable"
        /// A stored row holds a value this version does not know.
        case corruptRow = "corrupt_row"
    }

    /// The machine-readable reason.
    public let code: Code
    /// The reason for people; holds no learner id and no lesson text.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}

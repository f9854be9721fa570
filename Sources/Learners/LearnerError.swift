/// Why a request about a learner was refused.
public struct LearnerError: Error, Sendable, CustomStringConvertible {
    /// The kinds of refusal.
    public enum Code: String, Hashable, Sendable {
        /// The body is no JSON object.
        case malformedJSON = "malformed_json"
        /// The body is larger than any honest profile.
        case tooLarge = "too_large"
        /// Fields are missing, of the wrong type or unknown; ``LearnerError/fields`` lists every one.
        case invalidFields = "invalid_fields"
        /// There is no such learner.
        case unknownLearner = "not_found"
        /// The learner has not answered the onboarding questions.
        case notOnboarded = "not_onboarded"
        /// A learner with this id exists.
        case alreadyExists = "already_exists"
        /// `If-Match` names another version of the preferences.
        case preconditionFailed = "precondition_failed"
        /// A stored row holds a value this version does not know.
        case corruptRow = "corrupt_row"
    }

    /// The machine-readable reason.
    public let code: Code
    /// The reason for people; holds no learner id.
    public let message: String
    /// Every bad field, in the order of the contract; empty unless the code is ``Code/invalidFields``.
    public let fields: [FieldError]

    /// A refusal.
    public init(_ code: Code, _ message: String, fields: [FieldError] = []) {
        self.code = code
        self.message = message
        self.fields = fields
    }

    /// The code and the message.
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}

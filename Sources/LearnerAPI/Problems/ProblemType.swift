public import Hummingbird

/// The kinds of refusal that callers may meet. The raw value is the machine word in `error` and names the page that
/// `type` leads to.
public enum ProblemType: String, CaseIterable, Hashable, Sendable {
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case missingUserID = "missing_user_id"
    case missingToken = "missing_token"
    case invalidToken = "invalid_token"
    case notFound = "not_found"
    case unknownUser = "unknown_user"
    case notOnboarded = "not_onboarded"
    case unknownLesson = "unknown_lesson"
    case notRequested = "not_requested"
    case unknownOperation = "unknown_operation"
    case methodNotAllowed = "method_not_allowed"
    case alreadyExists = "already_exists"
    case alreadyFinished = "already_finished"
    case preconditionFailed = "precondition_failed"
    case contentTooLarge = "content_too_large"
    case addressTooLong = "address_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case requestInProgress = "request_in_progress"
    case idempotencyKeyReused = "idempotency_key_reused"
    case rateLimited = "rate_limited"
    case tooManyStreams = "too_many_streams"
    case invalidUserID = "invalid_user_id"
    case invalidFields = "invalid_fields"
    case contentMismatch = "content_mismatch"
    case internalError = "internal_error"
    case overloaded
    case databaseUnavailable = "database_unavailable"
    case storageUnavailable = "storage_unavailable"
    case identityUnavailable = "identity_unavailable"
    case requestTimedOut = "request_timed_out"
    case stopping
    /// Any refusal that has no word of its own; the status says what it is.
    case refused

    /// The status the problem is answered with.
    public var status: HTTPResponse.Status {
        switch self {
        case .malformedRequest, .malformedJSON, .refused: .badRequest
        case .missingUserID, .missingToken, .invalidToken: .unauthorized
        case .notFound, .unknownUser, .notOnboarded, .unknownLesson, .notRequested, .unknownOperation:
            .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .alreadyExists, .alreadyFinished, .requestInProgress: .conflict
        case .preconditionFailed: .preconditionFailed
        case .contentTooLarge: .contentTooLarge
        case .addressTooLong: .uriTooLong
        case .unsupportedMediaType: .unsupportedMediaType
        case .invalidUserID, .invalidFields, .contentMismatch, .idempotencyKeyReused: .unprocessableContent
        case .rateLimited, .tooManyStreams: .tooManyRequests
        case .internalError: .internalServerError
        case .overloaded, .databaseUnavailable, .storageUnavailable, .identityUnavailable, .requestTimedOut, .stopping:
            .serviceUnavailable
        }
    }

    /// The summary that is the same for every occurrence.
    public var title: String {
        switch self {
        case .malformedRequest: "Malformed request"
        case .malformedJSON: "Malformed JSON"
        case .missingUserID: "Missing X-User-ID"
        case .missingToken: "Not signed in"
        case .invalidToken: "Token not accepted"
        case .notFound: "Not found"
        case .unknownUser: "Unknown user"
        case .notOnboarded: "Onboarding not completed"
        case .unknownLesson: "Unknown lesson"
        case .notRequested: "Not requested"
        case .unknownOperation: "Unknown operation"
        case .methodNotAllowed: "Method not allowed"
        case .alreadyExists: "Already exists"
        case .alreadyFinished: "Already finished"
        case .preconditionFailed: "Precondition failed"
        case .contentTooLarge: "Body too large"
        case .addressTooLong: "Address too long"
        case .unsupportedMediaType: "Unsupported media type"
        case .requestInProgress: "Request in progress"
        case .idempotencyKeyReused: "Idempotency key reused"
        case .rateLimited: "Rate limited"
        case .tooManyStreams: "Too many streams"
        case .invalidUserID: "Invalid X-User-ID"
        case .invalidFields: "Invalid fields"
        case .contentMismatch: "Content mismatch"
        case .internalError: "Internal error"
        case .overloaded: "Overloaded"
        case .databaseUnavailable: "Database unavailable"
        case .storageUnavailable: "Storage unavailable"
        case .identityUnavailable: "Sign-in unavailable"
        case .requestTimedOut: "Request timed out"
        case .stopping: "Stopping"
        case .refused: "Refused"
        }
    }

    /// What a caller can do about it.
    public var advice: String {
        switch self {
        case .malformedRequest: "Correct the address or the header that the detail names."
        case .malformedJSON: "Send one JSON object in UTF-8; the detail names the byte and the line of the fault."
        case .missingUserID: "Send the header X-User-ID with the id that POST /api/user/create answered."
        case .missingToken: "Send Authorization: Bearer with a token of the issuer that this installation trusts."
        case .invalidToken: "Sign in again for a new token."
        case .notFound: "Check the address."
        case .unknownUser: "Create the user with POST /api/user/create and keep the id."
        case .notOnboarded: "Send the six answers with POST /api/onboarding first."
        case .unknownLesson: "Take the slug from GET /api/content/book."
        case .notRequested: "Ask for the lesson with POST /api/personalize."
        case .unknownOperation: "Operations are kept for a limited time; ask for the lesson again."
        case .methodNotAllowed: "Use one of the methods in the header Allow."
        case .alreadyExists: "Go on with the user that exists, or create one with another id."
        case .alreadyFinished: "There is nothing left to cancel."
        case .preconditionFailed: "Read the preferences again and repeat the change with the new ETag."
        case .contentTooLarge: "Send a smaller body; the detail names the limit."
        case .addressTooLong: "Shorten the address."
        case .unsupportedMediaType: "Send the body as application/json, uncompressed."
        case .requestInProgress: "Repeat the request after the time in Retry-After; it will get the same answer."
        case .idempotencyKeyReused: "Send another Idempotency-Key with every request that asks for something else."
        case .rateLimited: "Repeat the request after the time in Retry-After."
        case .tooManyStreams: "Close a stream that is not needed, or read GET /api/operations/{id} instead."
        case .invalidUserID: "The id is a UUID of version 4 in its form of 36 characters."
        case .invalidFields: "Correct every field listed under errors."
        case .contentMismatch: "Leave original_content out, or send the lesson's own current text."
        case .internalError: "Report the request_id; the log holds the reason."
        case .overloaded: "Repeat the request after the time in Retry-After."
        case .databaseUnavailable: "Repeat the request after the time in Retry-After."
        case .storageUnavailable: "Repeat the request after the time in Retry-After."
        case .identityUnavailable: "Repeat the request after the time in Retry-After."
        case .requestTimedOut: "Repeat the request after the time in Retry-After."
        case .stopping: "Repeat the request; another process will take it."
        case .refused: "The detail says what was refused."
        }
    }

    /// Where ``RequestBoundary`` sends readers of `type`.
    static let documentationPath = "/api/problems"

    var uri: String { "\(Self.documentationPath)/\(self.rawValue)" }
}

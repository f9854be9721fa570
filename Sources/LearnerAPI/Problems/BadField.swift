public import Learners

/// One part of a request that cannot be accepted, as a problem's `errors` lists it.
public struct BadField: Hashable, Sendable, Encodable {
    /// The member's name, or the names down to it joined by dots.
    public let field: String
    /// JSON pointer to the value (RFC 6901).
    public let pointer: String
    /// The machine-readable reason.
    public let code: FieldError.Code
    /// The reason for people; never repeats the value sent.
    public let message: String

    /// What the profile's reader found.
    init(_ error: FieldError) {
        self.field = error.field
        self.pointer = error.pointer
        self.code = error.code
        self.message = error.message
    }

    /// What stands at a place of the body.
    init(_ pointer: JSONPointer, _ code: FieldError.Code, _ message: String) {
        self.field = pointer.names.joined(separator: ".")
        self.pointer = pointer.description
        self.code = code
        self.message = message
    }
}

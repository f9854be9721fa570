/// One field of a request that cannot be accepted, and where it stands.
public struct FieldError: Hashable, Sendable, Codable {
    /// What is wrong with the field.
    public enum Code: String, Hashable, Sendable, Codable {
        case missing
        case wrongType = "wrong_type"
        case unknownValue = "unknown_value"
        case empty
        case unknownField = "unknown_field"
        case malformed
    }

    /// The field's name as the caller wrote it, shortened when it is very long.
    public let field: String
    /// JSON pointer to the value (RFC 6901).
    public let pointer: String
    /// The machine-readable reason.
    public let code: Code
    /// The reason for people; names what would be accepted and never repeats the value sent.
    public let message: String

    /// An error at a field, or at an element below it.
    public init(field: String, at index: Int? = nil, code: Code, message: String) {
        // A hostile name of many kilobytes must not come back in full.
        let name = field.utf8.count > 64 ? String(field.unicodeScalars.prefix(48)) + "…" : field
        let escaped = name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        self.field = name
        self.pointer = "/" + escaped + (index.map { "/\($0)" } ?? "")
        self.code = code
        self.message = message
    }
}

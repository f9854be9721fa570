/// Why the pages cannot be served.
public struct WebError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Hashable, Sendable {
        /// A file that ships with the module is missing or unreadable.
        case fileUnreadable = "file_unreadable"
        /// A template does not parse.
        case malformedTemplate = "malformed_template"
        /// A page asks for a template that is not there.
        case missingTemplate = "missing_template"
        /// A file of strings is no flat JSON object, or two files hold the same string.
        case malformedStrings = "malformed_strings"
        /// One language lacks a string of another.
        case missingString = "missing_string"
    }

    /// The machine-readable reason.
    public let code: Code
    /// The reason for people.
    public let message: String

    /// The code and the message.
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}

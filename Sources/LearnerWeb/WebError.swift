/// Why the pages cannot be served.
public struct WebError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Hashable, Sendable {
        /// A file that ships with the module is missing or unreadable.
        case fileUnreadable = "file_unreadable"
        /// A template does not parse.
        case malformedTemplate = "malformed_template"
    }

    /// The machine-readable reason.
    public let code: Code
    /// The reason for people.
    public let message: String

    /// The code and the message.
    public var description: String { "\(self.code.rawValue): \(self.message)" }
}

import FoundationEssentials

/// What is known of an object without its content.
public struct StoredObject: Hashable, Sendable {
    /// The key it was put under.
    public let key: ObjectKey
    /// Bytes of content.
    public let size: Int
    /// SHA-256 of the content, 64 lowercase hexadecimal digits.
    public let sha256: String
    /// The media type given by who put it.
    public let contentType: String
    /// When the content or its type last changed: UTC, ISO 8601 with milliseconds.
    public let modifiedAt: String

    /// Writes an instant the way ``modifiedAt`` does.
    static func timestamp(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

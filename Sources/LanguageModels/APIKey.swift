/// A key that must not be seen: however it is printed, described or dumped, it shows as `***`.
public struct APIKey: Sendable, Hashable {
    /// The key itself, for the request's header and nothing else.
    package let value: String

    /// Takes a key as configured; surrounding white space is dropped, and nothing is left to send from an empty one.
    public init?(_ value: String) {
        let trimmed = value.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        guard !trimmed.isEmpty else { return nil }
        self.value = String(trimmed)
    }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "***" }
    public var debugDescription: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

import FoundationEssentials

/// A key that webhooks are signed with, as the Standard Webhooks specification writes it: `whsec_` and base64. It never
/// prints itself.
public struct WebhookSecret: Hashable, Sendable {
    /// The key's length in bytes, by the specification.
    public static let lengths = 24...64

    let bytes: [UInt8]

    /// Reads the written form; white space around it is dropped.
    /// - Returns: `nil` for what is no key of 24 to 64 bytes.
    public init?(_ text: String) {
        let text = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        let prefix = "whsec_"
        guard text.hasPrefix(prefix), let key = Data(base64Encoded: String(text.dropFirst(prefix.count))),
            Self.lengths.contains(key.count)
        else { return nil }
        self.bytes = Array(key)
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A constant, so that no message, log line or dump gives the key away.
    public var description: String { "***" }
    /// The same constant.
    public var debugDescription: String { self.description }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

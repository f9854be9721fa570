import Crypto
public import FoundationEssentials

/// One message to a webhook, signed by the scheme of Standard Webhooks.
public struct WebhookMessage: Hashable, Sendable {
    /// The same at every attempt, so that receivers recognise a repeated message.
    public var id: String
    /// JSON.
    public var body: [UInt8]

    /// A message from its parts.
    public init(id: String, body: [UInt8]) {
        self.id = id
        self.body = body
    }

    /// The headers of one attempt.
    /// - Parameters:
    ///   - now: receivers refuse what was signed long ago.
    ///   - secrets: all that a receiver may know; there are several while one is replaced by another.
    public func headers(at now: Date, secrets: [WebhookSecret]) -> [(name: String, value: String)] {
        let timestamp = String(Int64(now.timeIntervalSince1970.rounded(.down)))
        let signatures = secrets.map { self.signature(timestamp: timestamp, secret: $0) }
        return [
            ("webhook-id", self.id), ("webhook-timestamp", timestamp),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }

    /// `v1,` and the base64 of HMAC-SHA256 over id, time and body, with full stops between them.
    func signature(timestamp: String, secret: WebhookSecret) -> String {
        var mac = HMAC<SHA256>(key: SymmetricKey(data: secret.bytes))
        mac.update(data: Array("\(self.id).\(timestamp).".utf8))
        mac.update(data: self.body)
        return "v1," + Data(mac.finalize()).base64EncodedString()
    }
}

import CurlHTTP
public import FoundationEssentials
import IPAddresses

/// Brings messages to receivers. Follows no redirect, reads no answer's body, and connects to no link-local address,
/// whatever a name resolves to.
public struct WebhookClient: Sendable {
    /// What a receiver answered.
    public enum Answer: Hashable, Sendable {
        /// Any 2xx.
        case accepted
        /// 410: it wants no more.
        case gone
        /// Anything else, with the time it asks to wait.
        case refused(status: Int, retryAfter: Duration?)
    }

    /// The limit of one exchange.
    public static let timeout: Duration = .seconds(15)
    /// Longer wishes are cut to this.
    public static let longestPause: Duration = .seconds(3_600)

    private let http: HTTPClient

    /// A client with connections of its own.
    public init() {
        var configuration = HTTPClientConfiguration()
        configuration.refusesAddress = { IPAddress(bytes: $0)?.isLinkLocalOrMetadata ?? true }
        configuration.userAgent = "lectern-webhooks/1"
        self.http = HTTPClient(configuration: configuration)
    }

    /// Delivers a message once.
    /// - Throws: `HTTPClientError` when no answer came.
    public func deliver(
        _ message: WebhookMessage, to endpoint: WebhookEndpoint, at now: Date
    ) async throws -> Answer {
        let headers = message.headers(at: now, secrets: endpoint.secrets) + [("content-type", "application/json")]
        let request = HTTPClientRequest(
            method: "POST", url: endpoint.url, headers: headers, body: message.body, timeout: Self.timeout,
            connectTimeout: .seconds(5), maximumResponseBytes: .max)
        return try await self.http.withStream(request) { answer in
            switch answer.status {
            case 200...299: return .accepted
            case 410: return .gone
            default:
                return .refused(
                    status: answer.status, retryAfter: Self.pause(answer.headers.first("retry-after")))
            }
        }
    }

    /// Whole seconds; a date counts as no wish, the queue's own pause is then kept.
    static func pause(_ retryAfter: String?) -> Duration? {
        guard let retryAfter, (1...9).contains(retryAfter.utf8.count),
            retryAfter.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int(retryAfter)
        else { return nil }
        return min(.seconds(seconds), Self.longestPause)
    }
}

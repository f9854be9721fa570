public import IPAddresses

/// How many requests for work are answered: `POST /api/personalize`, but for hits, and `POST /api/user/create`.
public struct RateLimits: Hashable, Sendable {
    /// Requests of one learner in a minute; `nil` without a limit.
    public var learnerPerMinute: Int? = 600
    /// Requests from one client address in a minute; `nil` without a limit.
    public var addressPerMinute: Int?
    /// Proxies whose `X-Forwarded-For` is believed.
    public var trustedProxies: [IPNetwork] = []

    /// The defaults.
    public init() {}

    /// Whose request it is: the connection's peer, or behind trusted proxies the last address that none of them has.
    func client(peer: IPAddress?, forwardedFor fields: [String]) -> IPAddress? {
        guard let peer, self.isTrusted(peer) else { return peer }
        for hop in fields.flatMap({ $0.split(separator: ",") }).reversed() {
            let text = hop.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            // What cannot be read was written by somebody whom nobody vouches for.
            guard let address = IPAddress(text) else { return peer }
            if !self.isTrusted(address) { return address }
        }
        return peer
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        self.trustedProxies.contains { $0.contains(address) }
    }
}

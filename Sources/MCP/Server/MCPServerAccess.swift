/// Who may talk to a server.
///
/// A web page that a browser on this machine shows can make the browser send requests here, under a name of the page's
/// own that points at this machine (DNS rebinding). Such a request carries the page's `Origin`, or a `Host` that is not
/// ours, and is refused.
public struct MCPServerAccess: Sendable {
    /// The names by which clients reach the server, `storage` or `storage:8001`; a name without a port stands for any
    /// port. `nil` takes every name.
    public var allowedHosts: [String]?
    /// The origins of web pages that may use the server, `https://tools.example`; one without a port stands for any
    /// port. A request without `Origin` comes from no web page and needs none.
    public var allowedOrigins: [String]
    /// The credential that every request must bring as `Authorization: Bearer …`; `nil` asks for none.
    public var bearerToken: String?

    /// Access for this machine only, unless said otherwise.
    public init(
        allowedHosts: [String]? = MCPServerAccess.loopbackHosts,
        allowedOrigins: [String] = MCPServerAccess.loopbackOrigins, bearerToken: String? = nil
    ) {
        self.allowedHosts = allowedHosts
        self.allowedOrigins = allowedOrigins
        self.bearerToken = bearerToken
    }

    /// The names of this machine to itself.
    public static let loopbackHosts = ["localhost", "127.0.0.1", "[::1]"]
    /// Pages served by this machine to itself.
    public static let loopbackOrigins = ["http://localhost", "http://127.0.0.1", "http://[::1]"]

    /// The refusal of a request, `nil` where it may pass.
    func refusal(of request: MCPServerRequest) -> MCPServerResponse? {
        if let allowedHosts {
            guard request.headerCount("Host") == 1, let host = request.header("Host"),
                allowedHosts.contains(where: { Self.matches(host, allowed: $0) })
            else {
                return .plain(421, "This server does not answer to that name")
            }
        }
        if let origin = request.header("Origin"),
            !self.allowedOrigins.contains(where: { Self.matches(origin, allowed: $0) })
        {
            return .plain(403, "This origin may not use the server")
        }
        if let bearerToken {
            guard let authorization = request.header("Authorization"), let credential = Self.credential(authorization),
                Self.isSame(credential, bearerToken)
            else {
                let challenge = request.header("Authorization") == nil ? "Bearer" : "Bearer error=\"invalid_token\""
                return .plain(401, "A credential is needed", headers: [("WWW-Authenticate", challenge)])
            }
        }
        return nil
    }

    /// Compares a host or an origin with an allowed one, which may leave the port open.
    private static func matches(_ value: String, allowed: String) -> Bool {
        if value.equalsIgnoringCase(allowed) { return true }
        guard let colon = value.lastIndex(of: ":") else { return false }
        let port = value[value.index(after: colon)...]
        guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return String(value[..<colon]).equalsIgnoringCase(allowed)
    }

    private static func credential(_ authorization: String) -> String? {
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, String(parts[0]).equalsIgnoringCase("bearer") else { return nil }
        return String(parts[1])
    }

    /// Compares two secrets in a time that depends on neither's content.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        var difference = UInt8(truncatingIfNeeded: left.count ^ right.count) | (left.count == right.count ? 0 : 1)
        for index in 0..<right.count {
            difference |= right[index] ^ (index < left.count ? left[index] : 0)
        }
        return difference == 0
    }
}

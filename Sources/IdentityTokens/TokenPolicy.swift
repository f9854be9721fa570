import CurlHTTP

/// Whose tokens are accepted, and for whom they must have been made.
public struct TokenPolicy: Hashable, Sendable {
    /// The issuer's name as it stands in tokens, an https URL; compared byte by byte.
    public var issuer: String
    /// The names under which the issuer knows us. A token must be made for one of them.
    public var audiences: [String]
    /// The algorithms a token may be signed with. The token itself has no say beyond this list.
    public var algorithms: Set<SigningAlgorithm>
    /// Where the issuer publishes its keys; `nil` asks for `/.well-known/openid-configuration` below the issuer.
    public var keysURL: String?
    /// By how much the issuer's clock and ours may differ.
    public var clockSkew: Duration = .seconds(60)

    /// - Throws: ``Fault`` for what no token could be checked with safely.
    public init(
        issuer: String, audiences: [String], algorithms: Set<SigningAlgorithm> = [.rs256, .es256],
        keysURL: String? = nil
    ) throws(Fault) {
        try Self.check(issuer, "The issuer")
        if let keysURL { try Self.check(keysURL, "The address of the keys") }
        guard !audiences.isEmpty, !audiences.contains("") else { throw Fault("An audience is needed.") }
        guard !algorithms.isEmpty else { throw Fault("At least one algorithm is needed.") }
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.keysURL = keysURL
    }

    /// Where the issuer describes itself (OpenID Connect Discovery 1.0, section 4).
    var discoveryURL: String {
        (self.issuer.hasSuffix("/") ? String(self.issuer.dropLast()) : self.issuer)
            + "/.well-known/openid-configuration"
    }

    /// Keys that come over plain http could be anybody's; only this machine is trusted without TLS.
    static func check(_ url: String, _ name: String) throws(Fault) {
        guard let parsed = try? HTTPURL(url), !url.contains("?"), !url.contains("#") else {
            throw Fault("\(name) is no URL without query and fragment.")
        }
        guard parsed.scheme == "https" || parsed.isLoopback else {
            throw Fault("\(name) must begin with https://; http is allowed for this machine only.")
        }
    }

    /// Why a policy cannot be used.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// A sentence for operators.
        public let description: String

        init(_ description: String) {
            self.description = description
        }
    }
}

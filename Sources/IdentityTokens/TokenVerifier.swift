public import CurlHTTP
public import FoundationEssentials
import JWTKit

/// Checks the signed tokens of one issuer (RFC 7519, with the advice of RFC 8725).
///
/// The algorithm comes from the policy and the key, never from the token alone; the key comes from the issuer, never
/// from the token; every claim that limits a token is checked before any of it is believed.
public struct TokenVerifier: Sendable {
    /// Whose tokens these are.
    public let policy: TokenPolicy
    private let directory: KeyDirectory
    private let now: @Sendable () -> Date

    /// In bytes; what OpenID Connect allows a subject.
    private static let maximumSubjectBytes = 255

    /// - Parameters:
    ///   - http: brings the keys.
    ///   - now: what the times in tokens are compared with.
    ///   - elapsed: time since an arbitrary beginning; measures the age of keys.
    public init(
        policy: TokenPolicy, freshness: KeyFreshness = KeyFreshness(), http: HTTPClient,
        now: @escaping @Sendable () -> Date, elapsed: @escaping @Sendable () -> Duration
    ) {
        self.policy = policy
        self.directory = KeyDirectory(policy: policy, freshness: freshness, http: http, elapsed: elapsed)
        self.now = now
    }

    /// What a token says, where it is good.
    /// - Throws: ``TokenError``.
    public func verify(_ text: String) async throws(TokenError) -> TokenClaims {
        let token = try CompactToken(text)
        guard let algorithm = SigningAlgorithm(rawValue: token.header.alg),
            self.policy.algorithms.contains(algorithm)
        else { throw TokenError(.algorithm, "The token is signed in a way that is not allowed here.") }
        let keys = try await self.directory.keys(holding: token.header.kid, for: algorithm)
        guard let key = keys.key(token.header.kid, for: algorithm) else {
            throw TokenError(.unknownKey, "The token is signed with a key that its issuer does not publish.")
        }
        // The library throws for a signature of the wrong length; either way it is not the key's.
        guard (try? key.verify(token.signature, signs: token.signed)) == true else {
            throw TokenError(.signature, "The signature of the token is wrong.")
        }
        return try self.claims(token.payload)
    }

    /// Whether the issuer gives keys that are of use.
    /// - Throws: ``TokenError`` with `keysUnavailable`.
    public func checkKeys() async throws(TokenError) {
        for algorithm in self.policy.algorithms.prefix(1) {
            _ = try await self.directory.keys(holding: nil, for: algorithm)
        }
    }

    private struct Registered: Decodable {
        let iss: String
        let sub: String
        let aud: Audience
        let exp: Double
        let nbf: Double?
        let iat: Double?
    }

    /// One name or several (RFC 7519, section 4.1.3).
    private struct Audience: Decodable {
        let names: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                self.names = [name]
            } else {
                self.names = try container.decode([String].self)
            }
        }
    }

    private func claims(_ payload: [UInt8]) throws(TokenError) -> TokenClaims {
        let decoder = JSONDecoder()
        guard let claims = try? decoder.decode(Registered.self, from: Data(payload)),
            let all = try? decoder.decode([String: ClaimValue].self, from: Data(payload)),
            (1...Self.maximumSubjectBytes).contains(claims.sub.utf8.count)
        else { throw TokenError(.claims, "The token lacks a claim that is needed: iss, sub, aud or exp.") }
        guard claims.iss.utf8.elementsEqual(self.policy.issuer.utf8) else {
            throw TokenError(.issuer, "The token was made by another issuer.")
        }
        guard
            claims.aud.names.contains(where: { name in
                self.policy.audiences.contains { $0.utf8.elementsEqual(name.utf8) }
            })
        else { throw TokenError(.audience, "The token was made for somebody else.") }
        let now = self.now().timeIntervalSince1970
        let skew = Double(self.policy.clockSkew.components.seconds)
        guard now < claims.exp + skew else { throw TokenError(.expired, "The token has expired.") }
        for beginning in [claims.nbf, claims.iat] {
            guard now >= (beginning ?? now) - skew else {
                throw TokenError(.notYetValid, "The token is not valid yet.")
            }
        }
        return TokenClaims(
            issuer: claims.iss, subject: claims.sub, audiences: claims.aud.names,
            expiresAt: Date(timeIntervalSince1970: claims.exp), all: all)
    }
}

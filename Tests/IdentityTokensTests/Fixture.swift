import CurlHTTP
import Foundation
import IdentityTesting
import Synchronization

@testable import IdentityTokens

/// Keys that all tests share, since an RSA key takes a while to make.
enum Keys {
    static let rsa = try? TestKey.rsa("r1")
    static let p256 = TestKey.p256("e1")
}

/// Time that passes when a test says so.
final class TestTime: Sendable {
    private let state = Mutex(Duration.zero)

    func pass(_ time: Duration) { self.state.withLock { $0 += time } }
    var elapsed: Duration { self.state.withLock { $0 } }
    var now: Date { Date(timeIntervalSince1970: 1_800_000_000 + Double(self.elapsed.components.seconds)) }
}

/// A verifier for an issuer, and tokens of its.
struct Fixture: Sendable {
    static let audience = "lectern"
    static let start = 1_800_000_000

    let issuer: TestIssuer
    let time = TestTime()
    let verifier: TokenVerifier

    init(
        _ issuer: TestIssuer, algorithms: Set<SigningAlgorithm> = [.rs256, .es256], keysURL: String? = nil,
        freshness: KeyFreshness = KeyFreshness()
    ) throws {
        self.issuer = issuer
        let time = self.time
        self.verifier = TokenVerifier(
            policy: try TokenPolicy(
                issuer: issuer.url, audiences: [Self.audience], algorithms: algorithms, keysURL: keysURL),
            freshness: freshness, http: HTTPClient(), now: { time.now }, elapsed: { time.elapsed })
    }

    /// Claims that are good for five minutes, with some of them replaced; `nil` leaves one out.
    func claims(_ changes: [String: String?] = [:]) -> String {
        let now = Self.start + Int(self.time.elapsed.components.seconds)
        var members: [String: String?] = [
            "iss": "\"\(self.issuer.url)\"", "sub": "\"someone\"", "aud": "\"\(Self.audience)\"",
            "exp": "\(now + 300)", "iat": "\(now)",
        ]
        for (name, value) in changes { members.updateValue(value, forKey: name) }
        let pairs = members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        return "{\(pairs.sorted().joined(separator: ","))}"
    }

    /// Why the token is refused; `nil` where it is not.
    func refusal(_ token: String) async -> TokenError.Code? {
        do {
            _ = try await self.verifier.verify(token)
            return nil
        } catch {
            return error.code
        }
    }
}

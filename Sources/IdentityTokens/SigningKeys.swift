import FoundationEssentials
import JWTKit

/// The keys that an issuer published (RFC 7517), as far as they are of use here.
struct SigningKeys: Sendable {
    private struct Entry: Sendable {
        let kid: String?
        let keys: [SigningAlgorithm: any JWTAlgorithm]
    }

    private let entries: [Entry]

    /// Nobody publishes more at a time.
    static let maximumKeys = 64

    /// Reads a key set. Keys for other uses, of other types, too weak or broken are passed over, as the standard has
    /// it; symmetric keys and private halves are never taken.
    /// - Throws: ``TokenError`` with `keysUnavailable` when it is no key set, or nothing of it is of use.
    init(_ json: [UInt8], algorithms: Set<SigningAlgorithm>) async throws(TokenError) {
        guard let set = try? JSONDecoder().decode(PublishedKeySet.self, from: Data(json)) else {
            throw .unavailable("What the issuer publishes is no key set.")
        }
        guard set.keys.count <= Self.maximumKeys else {
            throw .unavailable("The issuer publishes more than \(Self.maximumKeys) keys.")
        }
        var entries: [Entry] = []
        for key in set.keys.compactMap(\.key) {
            let keys = await key.signing(algorithms)
            if !keys.isEmpty { entries.append(Entry(kid: key.kid, keys: keys)) }
        }
        guard !entries.isEmpty else {
            throw .unavailable("The issuer publishes no key for the algorithms that are allowed.")
        }
        self.entries = entries
    }

    /// The key of that name. A token that names none is checked with the only key there is for its algorithm.
    func key(_ kid: String?, for algorithm: SigningAlgorithm) -> (any JWTAlgorithm)? {
        guard let kid else {
            let fitting = self.entries.compactMap { $0.keys[algorithm] }
            return fitting.count == 1 ? fitting.first : nil
        }
        // A name that stands twice names nothing.
        let named = self.entries.filter { $0.kid == kid }.compactMap { $0.keys[algorithm] }
        return named.count == 1 ? named.first : nil
    }
}

/// A key set as it comes, where one bad key does not spoil the others.
private struct PublishedKeySet: Decodable {
    let keys: [Element]

    struct Element: Decodable {
        let key: PublishedKey?

        init(from decoder: any Decoder) throws {
            self.key = try? PublishedKey(from: decoder)
        }
    }
}

private struct PublishedKey: Decodable {
    let kty: String
    let kid: String?
    let use: String?
    let alg: String?
    let operations: [String]?
    let crv: String?
    let n: String?
    let e: String?
    let x: String?
    let y: String?

    enum CodingKeys: String, CodingKey {
        case kty, kid, use, alg, crv, n, e, x, y
        case operations = "key_ops"
    }

    /// RSA moduli in bytes: 2,048 to 8,192 bits. A larger one costs who checks, a smaller one can be broken.
    private static let modulusBytes = 256...1_024
    private static let maximumExponentBytes = 8

    /// What the key checks, by algorithm.
    func signing(_ allowed: Set<SigningAlgorithm>) async -> [SigningAlgorithm: any JWTAlgorithm] {
        guard (self.use ?? "sig") == "sig", self.operations?.contains("verify") ?? true else { return [:] }
        var keys: [SigningAlgorithm: any JWTAlgorithm] = [:]
        for algorithm in allowed where self.alg == nil || self.alg == algorithm.rawValue {
            let shape = algorithm.keyShape
            guard shape.type == self.kty, shape.curve == nil || shape.curve == self.crv,
                let key = self.publicHalf(algorithm)
            else { continue }
            // Whoever publishes broken numbers has no key; the others of the set still count.
            keys[algorithm] = try? await JWTKeyCollection().add(jwk: key).getKey(for: Self.name)
        }
        return keys
    }

    private static let name: JWKIdentifier = "key"

    private func publicHalf(_ algorithm: SigningAlgorithm) -> JWK? {
        let name = JWK.Algorithm(rawValue: algorithm.rawValue)
        switch self.kty {
        case "RSA":
            guard let n = self.n, let e = self.e, let modulus = Base64URL.decoding(n.utf8),
                let exponent = Base64URL.decoding(e.utf8),
                Self.modulusBytes.contains(modulus.drop { $0 == 0 }.count),
                exponent.count <= Self.maximumExponentBytes
            else { return nil }
            return .rsa(name, identifier: Self.name, modulus: n, exponent: e)
        case "EC":
            guard let curve = self.crv.flatMap(ECDSACurve.init(rawValue:)) else { return nil }
            return .ecdsa(name, identifier: Self.name, x: self.x, y: self.y, curve: curve)
        default:
            return .octetKeyPair(name, identifier: Self.name, x: self.x, y: nil, curve: .ed25519)
        }
    }
}

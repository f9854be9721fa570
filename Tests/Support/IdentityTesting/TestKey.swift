public import Crypto
public import CryptoExtras
import Foundation

/// A key that signs tokens, made for one test run.
public struct TestKey: Sendable {
    public enum Secret: Sendable {
        case rsa(_RSA.Signing.PrivateKey)
        case p256(P256.Signing.PrivateKey)
        case hmac([UInt8])
        /// Signs nothing.
        case none
    }

    /// The key's name in the set and in headers.
    public var kid: String?
    public let secret: Secret

    public init(_ kid: String?, _ secret: Secret) {
        self.kid = kid
        self.secret = secret
    }

    /// A new RSA key of 2,048 bits.
    public static func rsa(_ kid: String?) throws -> TestKey {
        TestKey(kid, .rsa(try _RSA.Signing.PrivateKey(keySize: .bits2048)))
    }

    /// A new key on the curve P-256.
    public static func p256(_ kid: String?) -> TestKey { TestKey(kid, .p256(P256.Signing.PrivateKey())) }

    /// The algorithm that fits the key.
    public var algorithm: String {
        switch self.secret {
        case .rsa: "RS256"
        case .p256: "ES256"
        case .hmac: "HS256"
        case .none: "none"
        }
    }

    /// The public half as a member of a key set; for a symmetric key, which has none, the key itself.
    public var published: String {
        let name = self.kid.map { #""kid":"\#($0)","# } ?? ""
        switch self.secret {
        case .rsa(let key):
            guard let numbers = try? key.publicKey.getKeyPrimitives() else { return "{}" }
            return #"{\#(name)"kty":"RSA","use":"sig","n":"\#(encoded(numbers.modulus))","#
                + #""e":"\#(encoded(numbers.publicExponent))"}"#
        case .p256(let key):
            let point = key.publicKey.rawRepresentation
            return #"{\#(name)"kty":"EC","crv":"P-256","x":"\#(encoded(point.prefix(32)))","#
                + #""y":"\#(encoded(point.suffix(32)))"}"#
        case .hmac(let bytes): return #"{\#(name)"kty":"oct","alg":"HS256","k":"\#(encoded(bytes))"}"#
        case .none: return "{}"
        }
    }

    /// The public half of an RSA key as PEM; empty for others.
    public var publishedPEM: String {
        guard case .rsa(let key) = self.secret else { return "" }
        return key.publicKey.pemRepresentation
    }

    /// A key set.
    public static func set(_ keys: [TestKey]) -> String {
        #"{"keys":[\#(keys.map(\.published).joined(separator: ","))]}"#
    }

    /// A token with these claims.
    /// - Parameters:
    ///   - header: members beside `kid`; the key's own `alg` where none is given.
    ///   - claims: JSON.
    public func token(_ claims: String, header: String? = nil) throws -> String {
        let name = self.kid.map { #","kid":"\#($0)""# } ?? ""
        let head = #"{\#(header ?? #""typ":"JWT","alg":"\#(self.algorithm)""#)\#(name)}"#
        let signed = "\(encoded(head.utf8)).\(encoded(claims.utf8))"
        return "\(signed).\(encoded(try self.signature(of: Data(signed.utf8))))"
    }

    private func signature(of data: Data) throws -> Data {
        switch self.secret {
        case .rsa(let key):
            try key.signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation
        case .p256(let key): try key.signature(for: SHA256.hash(data: data)).rawRepresentation
        case .hmac(let bytes):
            Data(HMAC<SHA256>.authenticationCode(for: data, using: SymmetricKey(data: Data(bytes))))
        case .none: Data()
        }
    }
}

/// Base64 for URLs, without padding.
public func encoded(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}

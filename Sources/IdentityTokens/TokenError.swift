/// Why a token was not accepted. Holds nothing of the token.
public struct TokenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal.
    public enum Code: String, CaseIterable, Hashable, Sendable {
        /// No token in the compact form (RFC 7515, section 7.1), or too long.
        case malformed
        /// Signed in a way that is not allowed here, or not signed at all.
        case algorithm
        /// The issuer publishes no such key.
        case unknownKey = "unknown_key"
        /// The signature is not the key's.
        case signature
        /// A claim that is needed is missing or has another type.
        case claims
        /// Made by another issuer.
        case issuer
        /// Made for somebody else.
        case audience
        /// Its time is over.
        case expired
        /// Its time has not come.
        case notYetValid = "not_yet_valid"
        /// The issuer's keys cannot be had now, so nobody can say whether the token is good.
        case keysUnavailable = "keys_unavailable"
    }

    public let code: Code
    /// A sentence for the caller. Printable ASCII without quotes, so that it may stand in a header.
    public let message: String
    /// What the log may say beyond it, of the issuer and never of the token.
    public let detail: String?

    init(_ code: Code, _ message: String, detail: String? = nil) {
        self.code = code
        self.message = message
        self.detail = detail
    }

    public var description: String {
        "\(self.code.rawValue): \(self.message)" + (self.detail.map { " \($0)" } ?? "")
    }
}

extension TokenError {
    static func unavailable(_ detail: String) -> TokenError {
        TokenError(.keysUnavailable, "Tokens cannot be checked now.", detail: detail)
    }
}

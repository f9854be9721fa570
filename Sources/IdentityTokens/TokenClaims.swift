public import FoundationEssentials

/// What a token says, once its signature and its times are known to be good.
public struct TokenClaims: Hashable, Sendable {
    public let issuer: String
    /// Who the token speaks for; unique at the issuer, never reused by it.
    public let subject: String
    public let audiences: [String]
    public let expiresAt: Date
    /// Every claim by its name, the ones above too.
    public let all: [String: ClaimValue]

    /// A claim that is a text.
    public func text(_ name: String) -> String? {
        guard case .text(let text) = self.all[name] else { return nil }
        return text
    }
}

/// The value of a claim: any JSON.
public enum ClaimValue: Hashable, Sendable, Decodable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([ClaimValue])
    case object([String: ClaimValue])

    /// Reads any JSON value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([ClaimValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ClaimValue].self))
        }
    }
}

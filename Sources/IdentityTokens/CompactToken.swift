import FoundationEssentials

/// A token in its compact form, taken apart and not yet believed (RFC 7515, section 7.1).
struct CompactToken {
    let header: Header
    let payload: [UInt8]
    let signature: [UInt8]
    /// The bytes that the signature covers.
    let signed: [UInt8]

    struct Header: Decodable {
        let alg: String
        let kid: String?
        let typ: String?
        let crit: [String]?
    }

    /// In bytes. Honest tokens have one or two thousand.
    static let maximumBytes = 16 << 10
    /// `typ` of what is an identity or an access token, and not, say, a message that somebody signed out.
    private static let types: Set = ["jwt", "at+jwt", "application/at+jwt", "application/jwt"]

    /// - Throws: ``TokenError`` with `malformed`, or `algorithm` for an extension that must be understood.
    init(_ text: String) throws(TokenError) {
        let malformed = TokenError(.malformed, "The token is not a signed token in compact form.")
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumBytes else { throw TokenError(.malformed, "The token is too long.") }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decoding(parts[0]),
            let payload = Base64URL.decoding(parts[1]), let signature = Base64URL.decoding(parts[2]),
            let header = try? JSONDecoder().decode(Header.self, from: Data(head))
        else { throw malformed }
        guard header.crit == nil else {
            throw TokenError(.algorithm, "The token needs an extension that is not understood here.")
        }
        if let type = header.typ, !Self.types.contains(type.lowercased()) {
            throw TokenError(.malformed, "The token is of another kind than identity and access tokens.")
        }
        self.header = header
        self.payload = payload
        self.signature = signature
        self.signed = Array(bytes[..<parts[2].startIndex.advanced(by: -1)])
    }
}

/// Base64 with the alphabet for URLs and without padding (RFC 4648, section 5); strict.
enum Base64URL {
    /// The bytes, `nil` for any other character, for padding, and for spare bits that are not zero.
    static func decoding(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var pending: UInt32 = 0
        var bits = 0
        for character in text {
            guard let value = self.value(of: character) else { return nil }
            pending = pending << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
            pending &= (1 << bits) - 1
        }
        return pending == 0 ? bytes : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

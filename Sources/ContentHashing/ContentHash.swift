/// The XXH3-128 checksum of some bytes: fast, stable across machines, not safe against an adversary.
///
/// Two texts with the same hash are taken to be the same text wherever nobody gains by a collision; use ``SHA256Hex``
/// where somebody could. The written form is the canonical one of xxHash: 32 lowercase hexadecimal digits, most
/// significant byte first.
public struct ContentHash: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Hashes bytes that are already in memory. For bytes that arrive piece by piece see ``ContentHasher``.
    public init(of bytes: some Sequence<UInt8>) {
        var hasher = ContentHasher()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// Hashes the UTF-8 form of `text`.
    public init(of text: String) {
        self.init(of: text.utf8)
    }

    /// Reads the 32 hexadecimal digits that ``hex`` writes, in either case; `nil` for anything else.
    public init?(hex: String) {
        let digits = hex.utf8
        guard digits.count == 32 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (index, digit) in digits.enumerated() {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if index < 16 {
                words.0 = words.0 << 4 | UInt64(value)
            } else {
                words.1 = words.1 << 4 | UInt64(value)
            }
        }
        self.init(high: words.0, low: words.1)
    }

    /// 32 lowercase hexadecimal digits.
    public var hex: String { LowercaseHex.string(self.bytes) }

    /// The 16 bytes of the canonical form, most significant first.
    public var bytes: [UInt8] {
        [self.high, self.low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }
}

extension ContentHash: CustomStringConvertible {
    public var description: String { self.hex }
}

extension ContentHash: Codable {
    /// Reads the hexadecimal form; throws `DecodingError.dataCorrupted` for anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let hash = ContentHash(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a content hash has 32 hexadecimal digits")
        }
        self = hash
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.hex)
    }
}

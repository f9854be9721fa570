import ContentHashing
public import FoundationEssentials
import Postgres

/// Who a learner is: a UUID of version 4 that works like a key, so it never prints itself.
public struct LearnerID: Hashable, Sendable {
    /// The id itself, for queries and answers to its owner.
    public let uuid: UUID

    /// Accepts a UUID of version 4 and variant 10 (RFC 9562, section 5.4); the nil UUID is refused.
    public init?(_ uuid: UUID) {
        guard uuid.uuid.6 >> 4 == 4, uuid.uuid.8 >> 6 == 0b10 else { return nil }
        self.uuid = uuid
    }

    /// Accepts the text form of 36 characters, in upper or lower case.
    public init?(_ text: String) {
        var text = text
        guard let uuid = text.withUTF8({ UUID(digits: $0) }) else { return nil }
        self.init(uuid)
    }

    /// A new id from the generator's bits.
    public static func random(using generator: inout some RandomNumberGenerator) -> LearnerID {
        var bytes = (generator.next() as UInt64, generator.next() as UInt64)
        bytes.0 = bytes.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        bytes.1 = bytes.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
        let (high, low) = bytes
        return LearnerID(
            made: UUID(
                uuid: (
                    byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5),
                    byte(high, 6), byte(high, 7), byte(low, 0), byte(low, 1), byte(low, 2), byte(low, 3),
                    byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
                )))
    }

    private init(made uuid: UUID) {
        self.uuid = uuid
    }

    /// The id as the contract writes it: 36 characters, lower case. Only for its owner and the database.
    public var text: String { self.uuid.uuidString.lowercased() }

    /// A short name for logs: the same learner gives the same name under the same salt, and no way back.
    public func logName(salt: String) -> String {
        String(SHA256Hex.of("\(salt):\(self.text)").prefix(12))
    }
}

extension LearnerID: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A constant, so that no message, log line or dump gives the key away.
    public var description: String { "LearnerID(redacted)" }
    /// The same constant.
    public var debugDescription: String { self.description }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension LearnerID: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = LearnerID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a UUID of version 4")
        }
        self = id
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.text)
    }
}

import FoundationEssentials

/// A `jsonb` value as text.
public struct PostgresJSON: Sendable, Hashable {
    /// The JSON text; the server checks it.
    public var text: String

    /// JSON text as it is.
    public init(text: String) {
        self.text = text
    }

    /// A value encoded with sorted keys and ISO 8601 dates.
    public init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        self.text = String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The value read back, with ISO 8601 dates.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: Data(self.text.utf8))
    }
}

extension PostgresJSON: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 3802 }
    public static var postgresArrayOID: UInt32 { 3807 }
    public var postgresText: String? { self.text }

    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> PostgresJSON {
        PostgresJSON(text: text.decodedString())
    }
}

public import FoundationEssentials

extension String: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 25 }
    public static var postgresArrayOID: UInt32 { 1009 }
    public var postgresText: String? { self }

    /// Any type can be read as the text that the server writes for it.
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> String {
        text.decodedString()
    }
}

extension UUID: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 2950 }
    public static var postgresArrayOID: UInt32 { 2951 }
    public static var needsQuotesInArray: Bool { false }
    public var postgresText: String? { self.uuidString }

    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> UUID {
        guard text.count == 36, let value = UUID(uuidString: text.decodedString()) else {
            throw PostgresDecodingFailure(reason: "not a UUID")
        }
        return value
    }
}

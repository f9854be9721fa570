extension Array: PostgresEncodable where Element: PostgresArrayElement {
    public static var postgresOID: UInt32 { Element.postgresArrayOID }
    public var postgresText: String? { Element.postgresArrayText(self) }
}

/// Arrays of bytes can stand in arrays: `[[UInt8]]` is `bytea[]`.
extension Array: PostgresArrayElement where Element == UInt8 {
    public static var postgresArrayOID: UInt32 { 1001 }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> [Element] {
        try Element.postgresArray(from: text)
    }
}

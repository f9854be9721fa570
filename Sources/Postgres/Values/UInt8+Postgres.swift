/// A byte alone is a small integer; an array of bytes is a `bytea` in hex format (PostgreSQL manual, section 8.4.1).
extension UInt8: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 21 }
    public static var postgresArrayOID: UInt32 { 17 }
    public var postgresText: String? { String(self) }

    public static func postgresArrayText(_ elements: [UInt8]) -> String? {
        String(unsafeUninitializedCapacity: 2 + elements.count * 2) { buffer in
            buffer[0] = UInt8(ascii: "\\")
            buffer[1] = UInt8(ascii: "x")
            var position = 2
            for byte in elements {
                buffer[position] = Self.digit(byte >> 4)
                buffer[position + 1] = Self.digit(byte & 15)
                position += 2
            }
            return position
        }
    }

    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> UInt8 {
        guard let value = UInt8(exactly: try Int16.postgresValue(from: text)) else {
            throw PostgresDecodingFailure(reason: "the number does not fit")
        }
        return value
    }

    public static func postgresArray(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> [UInt8] {
        guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
            throw PostgresDecodingFailure(reason: "not bytes in hex format")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)
        for index in stride(from: 2, to: text.count, by: 2) {
            guard let high = Self.value(ofDigit: text[index]), let low = Self.value(ofDigit: text[index + 1]) else {
                throw PostgresDecodingFailure(reason: "not bytes in hex format")
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(ofDigit byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

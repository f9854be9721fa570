extension Bool: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 16 }
    public static var postgresArrayOID: UInt32 { 1000 }
    public static var needsQuotesInArray: Bool { false }
    public var postgresText: String? { self ? "t" : "f" }

    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Bool {
        switch text.count == 1 ? text[0] : 0 {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: throw PostgresDecodingFailure(reason: "not a boolean")
        }
    }
}

extension Int16: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 21 }
    public static var postgresArrayOID: UInt32 { 1005 }
}

extension Int32: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 23 }
    public static var postgresArrayOID: UInt32 { 1007 }
}

extension Int64: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 20 }
    public static var postgresArrayOID: UInt32 { 1016 }
}

extension Int: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 20 }
    public static var postgresArrayOID: UInt32 { 1016 }
}

extension Float: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 700 }
    public static var postgresArrayOID: UInt32 { 1021 }
}

extension Double: PostgresArrayElement, PostgresDecodable {
    public static var postgresOID: UInt32 { 701 }
    public static var postgresArrayOID: UInt32 { 1022 }
}

extension PostgresArrayElement where Self: BinaryInteger & LosslessStringConvertible {
    public static var needsQuotesInArray: Bool { false }
    public var postgresText: String? { String(self) }
}

extension PostgresArrayElement where Self: BinaryFloatingPoint & LosslessStringConvertible {
    public static var needsQuotesInArray: Bool { false }
    public var postgresText: String? { String(self) }
}

extension PostgresDecodable where Self: FixedWidthInteger & SignedInteger {
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Self {
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        guard index < text.count else { throw PostgresDecodingFailure(reason: "not an integer") }
        // Counted downwards, because the smallest value has no positive counterpart.
        var value: Self = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { throw PostgresDecodingFailure(reason: "not an integer") }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (difference, underflowed) = product.subtractingReportingOverflow(Self(digit))
            guard !overflowed, !underflowed else {
                throw PostgresDecodingFailure(reason: "the number does not fit")
            }
            value = difference
            index += 1
        }
        if isNegative { return value }
        guard value != .min else { throw PostgresDecodingFailure(reason: "the number does not fit") }
        return -value
    }
}

extension PostgresDecodable where Self: BinaryFloatingPoint & LosslessStringConvertible {
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Self {
        guard let value = Self(text.decodedString()) else {
            throw PostgresDecodingFailure(reason: "not a number")
        }
        return value
    }
}

/// A value that can be read from a column.
public protocol PostgresDecodable: Sendable {
    /// Reads the value from the server's text format.
    static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Self
    /// What NULL becomes; nil where NULL is an error.
    static var postgresNull: Self? { get }
    /// Reads an array of such values: an array literal, but for bytes, whose array is a `bytea`.
    static func postgresArray(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> [Self]
}

/// Why a text is not a value of the wanted type; it never quotes the text.
public struct PostgresDecodingFailure: Error, Sendable, Hashable {
    /// What is wrong.
    public var reason: String

    /// A failure with its reason.
    public init(reason: String) {
        self.reason = reason
    }
}

extension PostgresDecodable {
    public static var postgresNull: Self? { nil }

    public static func postgresArray(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> [Self] {
        var literal = ArrayLiteral()
        return try literal.read(text)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Wrapped? {
        try Wrapped.postgresValue(from: text)
    }

    public static var postgresNull: Wrapped?? { .some(.none) }
}

/// Enumerations over a readable raw value need no more than the conformance.
extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    public static func postgresValue(from text: Span<UInt8>) throws(PostgresDecodingFailure) -> Self {
        guard let value = Self(rawValue: try RawValue.postgresValue(from: text)) else {
            throw PostgresDecodingFailure(reason: "the value is none of the known ones")
        }
        return value
    }
}

extension Span<UInt8> {
    /// The bytes as text; libpq converted them to UTF-8.
    func decodedString() -> String {
        self.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

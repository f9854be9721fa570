/// A value that can be bound to a statement.
public protocol PostgresEncodable: Sendable {
    /// The object id of the value's type in `pg_type`.
    static var postgresOID: UInt32 { get }
    /// The value in the type's text format, nil for NULL.
    var postgresText: String? { get }
}

/// A value that can stand in a one-dimensional array.
public protocol PostgresArrayElement: PostgresEncodable {
    /// The object id of the array type over this type.
    static var postgresArrayOID: UInt32 { get }
    /// Whether the text may hold characters that an array literal must quote.
    static var needsQuotesInArray: Bool { get }
    /// An array of such values in the text format: an array literal, but for bytes, whose array is a `bytea`.
    static func postgresArrayText(_ elements: [Self]) -> String?
}

extension PostgresArrayElement {
    public static var needsQuotesInArray: Bool { true }

    public static func postgresArrayText(_ elements: [Self]) -> String? {
        ArrayLiteral.text(of: elements)
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    public static var postgresOID: UInt32 { Wrapped.postgresOID }
    public var postgresText: String? { self?.postgresText }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    public static var postgresArrayOID: UInt32 { Wrapped.postgresArrayOID }
    public static var needsQuotesInArray: Bool { Wrapped.needsQuotesInArray }
}

/// Enumerations over a bindable raw value need no more than the conformance.
extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    public static var postgresOID: UInt32 { RawValue.postgresOID }
    public var postgresText: String? { self.rawValue.postgresText }
}

extension PostgresArrayElement where Self: RawRepresentable, RawValue: PostgresArrayElement {
    public static var postgresArrayOID: UInt32 { RawValue.postgresArrayOID }
    public static var needsQuotesInArray: Bool { RawValue.needsQuotesInArray }
}

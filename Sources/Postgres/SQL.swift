/// A statement and its bind values.
///
/// Interpolation is the only way in: `"… WHERE id = \(id)"` sends `id` apart from the text, so data can never become
/// part of the statement. Fragments are spliced with `\(sql: fragment)`, names are quoted with `\(identifier: name)`.
public struct SQL: Hashable, Sendable {
    /// One bind value in the server's text format.
    struct Bind: Hashable, Sendable {
        var oid: UInt32
        var text: String?
    }

    /// Literal pieces; bind `n` stands between piece `n` and piece `n + 1`, so there is always one piece more.
    private(set) var pieces: [String]
    private(set) var binds: [Bind]
    /// Why the statement must not be sent; interpolation itself cannot throw.
    private(set) var defect: String?
    /// Whether a server session may keep the statement, see ``repeated``.
    private(set) var isRepeated = false

    /// A statement made of trusted text, such as a migration file: never of input.
    package init(trusted text: String) {
        self.pieces = [text]
        self.binds = []
    }

    /// The same statement, said to come again and again with the same text.
    ///
    /// A connection straight to the server then has it read and planned once (a prepared statement). Behind a pooler that
    /// lends sessions by the transaction it is sent like any other.
    public var repeated: SQL {
        var copy = self
        copy.isRepeated = true
        return copy
    }

    /// The statement as the server receives it, with `$1`, `$2` … in the place of the values.
    public var text: String {
        guard self.pieces.count > 1 else { return self.pieces[0] }
        var text = self.pieces[0]
        for index in 1..<self.pieces.count {
            text += "$\(index)"
            text += self.pieces[index]
        }
        return text
    }

    mutating func append(literal: String) {
        self.pieces[self.pieces.count - 1] += literal
    }

    mutating func append(_ other: SQL) {
        self.append(literal: other.pieces[0])
        self.pieces.append(contentsOf: other.pieces.dropFirst())
        self.binds.append(contentsOf: other.binds)
        self.defect = self.defect ?? other.defect
    }

    mutating func append(_ bind: Bind) {
        self.binds.append(bind)
        self.pieces.append("")
    }

    mutating func append(identifier: String) {
        if identifier.isEmpty || identifier.utf8.contains(0) || identifier.utf8.count > 63 {
            self.defect = self.defect ?? "an identifier is empty, longer than 63 bytes or contains a NUL byte"
        }
        self.append(literal: "\"")
        for character in identifier.unicodeScalars {
            self.append(literal: character == "\"" ? "\"\"" : String(character))
        }
        self.append(literal: "\"")
    }
}

extension SQL: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {
        self.init(trusted: value)
    }

    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    /// Collects pieces and binds.
    public struct StringInterpolation: StringInterpolationProtocol {
        var sql = SQL(trusted: "")

        public init(literalCapacity: Int, interpolationCount: Int) {}

        public mutating func appendLiteral(_ literal: String) {
            self.sql.append(literal: literal)
        }

        /// A bind value.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value) {
            self.sql.append(SQL.Bind(oid: Value.postgresOID, text: value.postgresText))
        }

        /// A bind value that may be NULL.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            self.sql.append(SQL.Bind(oid: Value.postgresOID, text: value?.postgresText))
        }

        /// Another statement or a part of one, with its binds.
        public mutating func appendInterpolation(sql: SQL) {
            self.sql.append(sql)
        }

        /// A quoted name of at most 63 bytes.
        public mutating func appendInterpolation(identifier: String) {
            self.sql.append(identifier: identifier)
        }

        /// A quoted name inside a schema.
        public mutating func appendInterpolation(identifier schema: String, _ name: String) {
            self.sql.append(identifier: schema)
            self.sql.append(literal: ".")
            self.sql.append(identifier: name)
        }
    }
}

extension Sequence<SQL> {
    /// The fragments one after the other with `separator` between them.
    public func joined(separator: SQL) -> SQL {
        var result = SQL(trusted: "")
        var isFirst = true
        for fragment in self {
            if !isFirst { result.append(separator) }
            result.append(fragment)
            isFirst = false
        }
        return result
    }
}

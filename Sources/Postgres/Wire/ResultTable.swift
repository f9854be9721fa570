import CPostgres

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A finished libpq result.
///
/// Unchecked because libpq documents a `PGresult` as read-only once handed over, and it is freed only in `deinit`
/// (PostgreSQL manual, section 34.20).
final class ResultTable: @unchecked Sendable {
    private let pointer: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
        self.rowCount = Int(PQntuples(pointer))
        self.columnCount = Int(PQnfields(pointer))
    }

    deinit {
        PQclear(self.pointer)
    }

    var status: ExecStatusType { PQresultStatus(self.pointer) }

    /// The count in the command tag, 0 where the command has none.
    var rowsAffected: Int {
        guard let text = PQcmdTuples(self.pointer) else { return 0 }
        return Int(atoll(text))
    }

    var commandTag: String {
        PQcmdStatus(self.pointer).map { String(cString: $0) } ?? ""
    }

    func errorField(_ field: Int32) -> String? {
        PQresultErrorField(self.pointer, field).map { String(cString: $0) }
    }

    /// The message of libpq itself, where the server gave none.
    var errorMessage: String {
        let message = PQresultErrorMessage(self.pointer).map { String(cString: $0) } ?? ""
        return message.isEmpty ? "the server gave no reason" : message.split(separator: "\n").joined(separator: "; ")
    }

    func name(of column: Int) -> String {
        PQfname(self.pointer, Int32(column)).map { String(cString: $0) } ?? ""
    }

    func index(of column: String) -> Int? {
        column.withCString { wanted in
            for index in 0..<self.columnCount {
                if let name = PQfname(self.pointer, Int32(index)), strcmp(name, wanted) == 0 { return index }
            }
            return nil
        }
    }

    func decode<Value: PostgresDecodable>(
        _: Value.Type, row: Int, column: Int
    ) throws(PostgresDecodingFailure) -> Value {
        let row = Int32(row)
        let column = Int32(column)
        if PQgetisnull(self.pointer, row, column) == 1 {
            guard let null = Value.postgresNull else { throw PostgresDecodingFailure(reason: "the value is NULL") }
            return null
        }
        let length = Int(PQgetlength(self.pointer, row, column))
        let start = UnsafeRawPointer(PQgetvalue(self.pointer, row, column))?.assumingMemoryBound(to: UInt8.self)
        return try Value.postgresValue(from: UnsafeBufferPointer(start: start, count: length).span)
    }

    var rows: [PostgresRow] {
        (0..<self.rowCount).map { PostgresRow(table: self, index: $0) }
    }

    var result: PostgresResult {
        PostgresResult(rows: self.rows, rowsAffected: self.rowsAffected)
    }
}

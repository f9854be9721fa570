/// One row of an answer.
///
/// Values stay where libpq read them until they are decoded; a row keeps its whole answer alive.
public struct PostgresRow: Sendable {
    let table: ResultTable
    let index: Int

    /// The names of the columns, in order.
    public var columns: [String] { (0..<self.table.columnCount).map(self.table.name(of:)) }

    /// The value of a column; `Optional` where it may be NULL.
    ///
    /// - Throws: `PostgresError` with `.decoding` where the column is missing, NULL or of another form.
    public func decode<Value: PostgresDecodable>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        guard let index = self.table.index(of: column) else {
            throw PostgresError(code: .decoding, message: "the answer has no column \(column)")
        }
        return try self.decode(index, as: type)
    }

    /// The value of the column at a position, counted from 0.
    public func decode<Value: PostgresDecodable>(_ column: Int, as type: Value.Type = Value.self) throws -> Value {
        guard column >= 0, column < self.table.columnCount else {
            throw PostgresError(code: .decoding, message: "the answer has no column \(column)")
        }
        do throws(PostgresDecodingFailure) {
            return try self.table.decode(Value.self, row: self.index, column: column)
        } catch {
            let name = self.table.name(of: column)
            throw PostgresError(code: .decoding, message: "column \(name) read as \(Value.self): \(error.reason)")
        }
    }
}

/// What a statement answered.
public struct PostgresResult: Sendable {
    /// The rows, none where the statement returns none.
    public let rows: [PostgresRow]
    /// How many rows were inserted, updated, deleted or selected.
    public let rowsAffected: Int
}

extension PostgresConnection {
    /// Loads rows into a table with COPY and returns how many there were.
    ///
    /// All or none: an error, a timeout or a cancellation on the way leaves no row behind.
    /// - Parameters:
    ///   - rows: values in the text format of their types, nil for NULL; each row has one value per column.
    ///   - timeout: for the whole load.
    @discardableResult
    nonisolated(nonsending) public func copyIn(
        _ table: SQL, columns: [String], rows: some Sequence<[String?]>, timeout: Duration? = nil
    ) async throws -> Int {
        let deadline = self.deadline(timeout)
        let names = columns.map { name in "\(identifier: name)" as SQL }.joined(separator: ", ")
        let statement = try Statement("COPY \(sql: table) (\(sql: names)) FROM STDIN")
        let start = ContinuousClock.now
        do {
            let count = try await self.copy(statement, columns: columns.count, rows: rows, deadline: deadline)
            self.observer.statementFinished(after: .now - start, code: nil)
            return count
        } catch {
            self.observer.statementFinished(after: .now - start, code: (error as? PostgresError)?.code)
            throw error
        }
    }

    nonisolated(nonsending) private func copy(
        _ statement: Statement, columns: Int, rows: some Sequence<[String?]>, deadline: ContinuousClock.Instant
    ) async throws -> Int {
        _ = try await self.send(.copyStart(statement), deadline: deadline)
        do {
            var buffer = CopyBuffer(columns: columns)
            for row in rows {
                try buffer.append(row)
                if buffer.isFull { _ = try await self.send(.copyData(buffer.take()), deadline: deadline) }
            }
            let rest = buffer.take()
            if !rest.isEmpty { _ = try await self.send(.copyData(rest), deadline: deadline) }
            if Task.isCancelled { throw PostgresError(stopReason: .cancelled) }
        } catch {
            await self.giveUpCopy()
            throw error
        }
        return try await self.send(.copyEnd(failure: nil), deadline: deadline).last?.rowsAffected ?? 0
    }

    private func giveUpCopy() async {
        do {
            _ = try await self.channel.run(
                .copyEnd(failure: "given up by the client"), deadline: .now + .seconds(5), isShielded: true)
        } catch {
            self.channel.close(PostgresError(code: .connectionLost, message: "the copy could not be ended"))
        }
    }
}

/// Rows in the text format of COPY (PostgreSQL manual, "COPY", file formats), gathered into chunks.
struct CopyBuffer {
    private static let chunkBytes = 64 * 1024
    private let columns: Int
    private var bytes: [UInt8] = []

    init(columns: Int) {
        self.columns = columns
    }

    var isFull: Bool { self.bytes.count >= Self.chunkBytes }

    mutating func append(_ row: [String?]) throws(PostgresError) {
        guard row.count == self.columns else {
            throw PostgresError(
                code: .invalidArgument, message: "a row has \(row.count) values for \(self.columns) columns")
        }
        for index in row.indices {
            if index > 0 { self.bytes.append(UInt8(ascii: "\t")) }
            guard var value = row[index] else {
                self.bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "N")])
                continue
            }
            let isWhole = value.withUTF8 { self.append($0) }
            guard isWhole else {
                throw PostgresError(code: .invalidArgument, message: "a value contains a NUL byte")
            }
        }
        self.bytes.append(UInt8(ascii: "\n"))
    }

    /// False where the value holds a byte that no text may hold.
    private mutating func append(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        // Few values hold anything to escape, and looking costs less than copying byte by byte.
        guard value.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\\") }) else {
            self.bytes.append(contentsOf: value)
            return true
        }
        for byte in value {
            switch byte {
            case 0: return false
            case UInt8(ascii: "\\"): self.bytes.append(contentsOf: [byte, byte])
            case UInt8(ascii: "\t"): self.bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
            case UInt8(ascii: "\n"): self.bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\r"): self.bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            default: self.bytes.append(byte)
            }
        }
        return true
    }

    mutating func take() -> [UInt8] {
        defer {
            self.bytes = []
            self.bytes.reserveCapacity(Self.chunkBytes + 1024)
        }
        return self.bytes
    }
}

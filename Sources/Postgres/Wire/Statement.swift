import CPostgres

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A statement ready to be sent: its text, and its binds as C strings in one buffer.
struct Statement: Sendable {
    private let text: String
    private let oids: [UInt32]
    private var storage: [CChar] = []
    /// Where each bind starts in `storage`; -1 for NULL.
    private var offsets: [Int] = []

    /// - Throws: `PostgresError` with `.invalidArgument` for what the protocol cannot carry.
    init(_ sql: SQL) throws(PostgresError) {
        if let defect = sql.defect { throw PostgresError(code: .invalidArgument, message: defect) }
        guard sql.binds.count <= 65_535 else {
            throw PostgresError(code: .invalidArgument, message: "a statement has more than 65535 binds")
        }
        self.text = sql.text
        self.oids = sql.binds.map(\.oid)
        guard !self.text.utf8.contains(0) else {
            throw PostgresError(code: .invalidArgument, message: "the statement contains a NUL byte")
        }
        self.offsets.reserveCapacity(sql.binds.count)
        for (index, bind) in sql.binds.enumerated() {
            guard var value = bind.text else {
                self.offsets.append(-1)
                continue
            }
            self.offsets.append(self.storage.count)
            let isClean = value.withUTF8 { bytes in
                guard let start = bytes.baseAddress, bytes.count > 0 else { return true }
                guard memchr(start, 0, bytes.count) == nil else { return false }
                bytes.withMemoryRebound(to: CChar.self) { self.storage.append(contentsOf: $0) }
                return true
            }
            guard isClean else {
                throw PostgresError(code: .invalidArgument, message: "the value of $\(index + 1) contains a NUL byte")
            }
            self.storage.append(0)
        }
    }

    /// Queues the statement on a connection as an unnamed one, which a transaction pooler can carry; false where libpq
    /// refuses.
    func send(on connection: OpaquePointer) -> Bool {
        self.storage.withUnsafeBufferPointer { storage in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: self.offsets.count) { values in
                for (index, offset) in self.offsets.enumerated() {
                    values.initializeElement(at: index, to: offset < 0 ? nil : storage.baseAddress.map { $0 + offset })
                }
                return PQsendQueryParams(
                    connection, self.text, Int32(self.offsets.count), self.oids, values.baseAddress, nil, nil, 0) == 1
            }
        }
    }
}

import CPostgres

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A statement ready to be sent: its text, and its binds as C strings in one buffer.
struct Statement: Sendable {
    let text: String
    let isRepeated: Bool
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
        self.isRepeated = sql.isRepeated
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
        self.withBinds { count, values in
            PQsendQueryParams(connection, self.text, count, self.oids, values, nil, nil, 0) == 1
        }
    }

    /// Queues the request to keep the statement under a name.
    func sendPreparation(as name: String, on connection: OpaquePointer) -> Bool {
        PQsendPrepare(connection, name, self.text, Int32(self.oids.count), self.oids) == 1
    }

    /// Queues the statement that the server keeps under a name, with these binds.
    func sendPrepared(_ name: String, on connection: OpaquePointer) -> Bool {
        self.withBinds { count, values in PQsendQueryPrepared(connection, name, count, values, nil, nil, 0) == 1 }
    }

    private func withBinds(_ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?) -> Bool) -> Bool {
        self.storage.withUnsafeBufferPointer { storage in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: self.offsets.count) { values in
                for (index, offset) in self.offsets.enumerated() {
                    values.initializeElement(at: index, to: offset < 0 ? nil : storage.baseAddress.map { $0 + offset })
                }
                return body(Int32(self.offsets.count), values.baseAddress.map { UnsafePointer($0) })
            }
        }
    }
}

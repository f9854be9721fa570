import MCP

/// One acknowledged change of a collection, as the log keeps it.
enum CollectionChange: Hashable, Sendable {
    case upsert([PreparedRecord])
    case delete([RecordID])

    /// Records or ids in the change.
    var count: Int {
        switch self {
        case .upsert(let records): records.count
        case .delete(let ids): ids.count
        }
    }

    /// Appends the change in the log's binary form: one byte for the kind, four for the count, then each record.
    ///
    /// All numbers are little endian, as is every machine that Swift runs on.
    func encode(into bytes: inout [UInt8]) throws(VectorError) {
        switch self {
        case .upsert(let records):
            bytes.append(1)
            Self.append(UInt32(records.count), to: &bytes)
            for record in records {
                Self.append(record.id, to: &bytes)
                record.vector.withUnsafeBytes { bytes.append(contentsOf: $0) }
                let metadata = JSONValue.object(record.payload.metadata).serialized()
                Self.append(UInt32(metadata.count), to: &bytes)
                bytes.append(contentsOf: metadata)
                // The length of a text that is not there cannot be that of one that is.
                Self.append(record.payload.text.map { UInt32($0.utf8.count) } ?? .max, to: &bytes)
                if let text = record.payload.text { bytes.append(contentsOf: text.utf8) }
            }
        case .delete(let ids):
            bytes.append(2)
            Self.append(UInt32(ids.count), to: &bytes)
            for id in ids { Self.append(id, to: &bytes) }
        }
    }

    private static func append(_ id: RecordID, to bytes: inout [UInt8]) {
        self.append(UInt32(id.text.utf8.count), to: &bytes)
        bytes.append(contentsOf: id.text.utf8)
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Reads all changes of a frame; `nil` where the bytes are not what ``encode(into:)`` writes.
    static func decode(_ bytes: [UInt8], dimension: Int) -> [CollectionChange]? {
        var reader = Reader(bytes: bytes[...])
        var changes: [CollectionChange] = []
        while !reader.bytes.isEmpty {
            guard let kind = reader.take(1)?.first, let count = reader.number() else { return nil }
            switch kind {
            case 1:
                var records: [PreparedRecord] = []
                for _ in 0..<count {
                    guard let record = reader.record(dimension: dimension) else { return nil }
                    records.append(record)
                }
                changes.append(.upsert(records))
            case 2:
                var ids: [RecordID] = []
                for _ in 0..<count {
                    guard let id = reader.text() else { return nil }
                    ids.append(RecordID(unchecked: id))
                }
                changes.append(.delete(ids))
            default:
                return nil
            }
        }
        return changes
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count <= self.bytes.count else { return nil }
            defer { self.bytes = self.bytes.dropFirst(count) }
            return self.bytes.prefix(count)
        }

        mutating func number() -> UInt32? {
            self.take(4)?.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
        }

        mutating func text() -> String? {
            guard let count = self.number(), let bytes = self.take(Int(count)) else { return nil }
            return String(validating: bytes, as: UTF8.self)
        }

        mutating func record(dimension: Int) -> PreparedRecord? {
            guard let id = self.text(), let numbers = self.take(4 * dimension), let metadataBytes = self.number(),
                let json = self.take(Int(metadataBytes)),
                let metadata = (try? JSONValue(parsing: json))?.objectValue, let textBytes = self.number()
            else { return nil }
            var text: String?
            if textBytes != .max {
                guard let bytes = self.take(Int(textBytes)) else { return nil }
                text = String(validating: bytes, as: UTF8.self)
                guard text != nil else { return nil }
            }
            let vector = [Float](unsafeUninitializedCapacity: dimension) { buffer, filled in
                numbers.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
                filled = dimension
            }
            return PreparedRecord(
                id: RecordID(unchecked: id), vector: vector,
                payload: RecordPayload(
                    metadata: metadata, text: text, bytes: json.count + (text?.utf8.count ?? 0)))
        }
    }
}

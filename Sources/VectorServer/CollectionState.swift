/// All records of one collection at one moment: a value.
///
/// A writer changes its own copy and hands it over when the change is durable; a reader keeps the copy it began with. Only
/// what a change touches is copied: the last segment's vectors, the liveness bits of segments with removed rows, and the
/// shards of the index that hold the ids.
struct CollectionState: Sendable {
    /// Vectors that lie side by side in memory, with their ids and payloads.
    struct Segment: Sendable {
        var vectors: [Float] = []
        var rows: [Row] = []
        /// One bit a row, set while the row is the current one of its id.
        var live: [UInt64] = []

        func isLive(_ row: Int) -> Bool {
            self.live[row >> 6] & (1 << UInt64(row & 63)) != 0
        }
    }

    struct Row: Sendable {
        let id: RecordID
        let payload: RecordPayload
    }

    /// Where a record lies.
    struct Location: Hashable, Sendable {
        let segment: Int32
        let row: Int32
    }

    let dimension: Int
    /// Rows in a segment: about 1.5 MB of vectors, which is what a write copies at most.
    let segmentCapacity: Int
    private(set) var segments: [Segment] = []
    private var index = RecordIndex()
    /// Records.
    private(set) var count = 0
    /// Rows that were superseded or deleted and still take memory.
    private(set) var deadRows = 0
    private var payloadBytes = 0

    init(dimension: Int) {
        self.dimension = dimension
        self.segmentCapacity = max(64, min(1024, 393_216 / dimension))
    }

    /// An estimate of the memory behind this state, in bytes.
    var memoryBytes: Int {
        // 240: index entry, row and the headers of its text and metadata.
        self.segments.count * self.segmentCapacity * self.dimension * 4 + (self.count + self.deadRows) * 240
            + self.payloadBytes
    }

    /// Inserts or replaces records.
    mutating func upsert(_ records: [PreparedRecord]) {
        for record in records {
            self.retire(record.id)
            if (self.segments.last?.rows.count ?? self.segmentCapacity) == self.segmentCapacity {
                self.segments.append(Segment())
            }
            let last = self.segments.count - 1
            let row = self.segments[last].rows.count
            if row & 63 == 0 { self.segments[last].live.append(0) }
            self.segments[last].live[row >> 6] |= 1 << UInt64(row & 63)
            self.segments[last].vectors.reserveCapacity(self.segmentCapacity * self.dimension)
            self.segments[last].vectors.append(contentsOf: record.vector)
            self.segments[last].rows.append(Row(id: record.id, payload: record.payload))
            self.index[record.id] = Location(segment: Int32(last), row: Int32(row))
            self.count += 1
            self.payloadBytes += record.payload.bytes + record.id.text.utf8.count
        }
    }

    /// Removes records and returns how many there were.
    @discardableResult
    mutating func delete(_ ids: [RecordID]) -> Int {
        var removed = 0
        for id in ids where self.retire(id) {
            self.index[id] = nil
            removed += 1
        }
        return removed
    }

    @discardableResult
    private mutating func retire(_ id: RecordID) -> Bool {
        guard let location = self.index[id] else { return false }
        let row = Int(location.row)
        self.segments[Int(location.segment)].live[row >> 6] &= ~(1 << UInt64(row & 63))
        self.count -= 1
        self.deadRows += 1
        return true
    }

    /// The record `id`; `nil` where there is none.
    func record(_ id: RecordID) -> PreparedRecord? {
        self.index[id].map { self.record(at: $0) }
    }

    func contains(_ id: RecordID) -> Bool { self.index[id] != nil }

    private func record(at location: Location) -> PreparedRecord {
        let segment = self.segments[Int(location.segment)]
        let row = Int(location.row)
        return PreparedRecord(
            id: segment.rows[row].id,
            vector: Array(segment.vectors[row * self.dimension..<(row + 1) * self.dimension]),
            payload: segment.rows[row].payload)
    }

    /// Calls `body` with every record's id and payload, in the order of their last writing.
    func forEach(_ body: (Row) throws -> Void) rethrows {
        for segment in self.segments {
            for (row, entry) in segment.rows.enumerated() where segment.isLive(row) {
                try body(entry)
            }
        }
    }

    /// Calls `body` with all records, `count` at a time.
    func forEachBatch(of count: Int, _ body: ([PreparedRecord]) throws -> Void) rethrows {
        var batch: [PreparedRecord] = []
        for (number, segment) in self.segments.enumerated() {
            for row in segment.rows.indices where segment.isLive(row) {
                batch.append(self.record(at: Location(segment: Int32(number), row: Int32(row))))
                if batch.count == count {
                    try body(batch)
                    batch.removeAll(keepingCapacity: true)
                }
            }
        }
        if !batch.isEmpty { try body(batch) }
    }

    /// The same records without the dead rows.
    func compacted() -> CollectionState {
        var state = CollectionState(dimension: self.dimension)
        self.forEachBatch(of: 256) { state.upsert($0) }
        return state
    }
}

/// Finds records by id. Cut in shards, so that a change copies those it touches and not the whole.
struct RecordIndex: Sendable {
    private static let shards = 1024
    private var shards: [[RecordID: CollectionState.Location]] = Array(repeating: [:], count: Self.shards)

    subscript(id: RecordID) -> CollectionState.Location? {
        get { self.shards[Self.shard(of: id)][id] }
        set { self.shards[Self.shard(of: id)][id] = newValue }
    }

    private static func shard(of id: RecordID) -> Int {
        // Not the dictionary's own hash: what shares a shard must not share a bucket too.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & UInt64(Self.shards - 1))
    }
}

public import MCP
import MCPServing

extension VectorStore {
    /// Inserts or replaces records, all or none, and returns their number.
    ///
    /// Throws ``VectorError``: `invalidArgument` or `dimensionMismatch` with the place of the first fault,
    /// `collectionNotFound`, `capacityExceeded`, `storageFull`, `ioFailure`.
    public func upsert(_ records: [VectorRecord], into name: CollectionName) async throws -> Int {
        let collection = try self.collection(name)
        guard (1...self.limits.maximumRecordsPerCall).contains(records.count) else {
            throw VectorError(
                .invalidArgument,
                "records has 1 to \(self.limits.maximumRecordsPerCall) elements, not \(records.count).")
        }
        let dimension = collection.dimension
        let prepared = try await self.pool.run { try self.prepare(records, dimension: dimension) }
        let bytes = prepared.reduce(0) { $0 + $1.payload.bytes + dimension * 4 + 240 }
        return try await collection.perform(.upsert(prepared, bytes: bytes))
    }

    private func prepare(_ records: [VectorRecord], dimension: Int) throws(VectorError) -> [PreparedRecord] {
        var places: [RecordID: Int] = [:]
        var prepared: [PreparedRecord] = []
        prepared.reserveCapacity(records.count)
        for (index, record) in records.enumerated() {
            let place = "records[\(index)]"
            let id = try RecordID(checking: record.id, at: "\(place).id")
            if let earlier = places.updateValue(index, forKey: id) {
                throw VectorError(.invalidArgument, "\(place).id is that of records[\(earlier)] too.")
            }
            let vector = try UnitVector.normalized(record.vector, dimension: dimension, at: "\(place).vector")
            prepared.append(
                PreparedRecord(id: id, vector: vector, payload: try self.payload(of: record, at: place)))
        }
        return prepared
    }

    private func payload(of record: VectorRecord, at place: String) throws(VectorError) -> RecordPayload {
        let metadata = JSONValue.object(record.metadata).serialized().count
        guard metadata <= self.limits.maximumMetadataBytes else {
            throw VectorError(
                .invalidArgument,
                "\(place).metadata has \(metadata) bytes of JSON; \(self.limits.maximumMetadataBytes) are allowed.")
        }
        let text = record.text?.utf8.count ?? 0
        guard text <= self.limits.maximumTextBytes else {
            throw VectorError(
                .invalidArgument, "\(place).text has \(text) bytes; \(self.limits.maximumTextBytes) are allowed.")
        }
        return RecordPayload(metadata: record.metadata, text: record.text, bytes: metadata + text)
    }

    /// The `limit` records most similar to `vector`: best first, ties in the order of ids.
    ///
    /// Throws ``VectorError``: `invalidArgument`, `dimensionMismatch`, `invalidFilter`, `collectionNotFound`.
    public func search(
        _ vector: [Double], in name: CollectionName, limit: Int, filter: JSONValue? = nil, minimumScore: Double? = nil
    ) async throws -> [VectorMatch] {
        let collection = try self.collection(name)
        guard (1...1000).contains(limit) else {
            throw VectorError(.invalidArgument, "limit is a whole number from 1 to 1000.")
        }
        let query = try UnitVector.normalized(vector, dimension: collection.dimension, at: "vector")
        let filter = try MetadataFilter.parse(filter)
        let state = collection.snapshot()
        return try await self.pool.run {
            state.search(query, limit: limit, filter: filter, minimumScore: minimumScore)
        }
    }

    /// The records of those ids that exist, in the order asked for, their vectors scaled to length 1.
    ///
    /// Throws ``VectorError``: `invalidArgument`, `collectionNotFound`.
    public func records(_ ids: [String], in name: CollectionName) throws -> [VectorRecord] {
        let collection = try self.collection(name)
        let state = collection.snapshot()
        return try self.checked(ids).compactMap { id in
            state.record(id).map { record in
                VectorRecord(
                    id: record.id.text, vector: record.vector.map(Double.init), metadata: record.payload.metadata,
                    text: record.payload.text)
            }
        }
    }

    /// Removes the records of those ids and returns how many there were. Throws ``VectorError``.
    public func delete(_ ids: [String], from name: CollectionName) async throws -> Int {
        let collection = try self.collection(name)
        return try await collection.perform(.delete(try self.checked(ids)))
    }

    /// Removes the records that the filter lets pass and returns how many there were. Throws ``VectorError``.
    public func delete(matching filter: JSONValue, from name: CollectionName) async throws -> Int {
        let collection = try self.collection(name)
        guard let filter = try MetadataFilter.parse(filter) else {
            throw VectorError(.invalidFilter, "An empty filter would delete every record; drop the collection instead.")
        }
        return try await collection.perform(.deleteMatching(filter))
    }

    /// How many records there are, or how many the filter lets pass. Throws ``VectorError``.
    public func count(in name: CollectionName, filter: JSONValue? = nil) async throws -> Int {
        let collection = try self.collection(name)
        let state = collection.snapshot()
        guard let filter = try MetadataFilter.parse(filter) else { return state.count }
        return try await self.pool.run { state.count(matching: filter) }
    }

    private func checked(_ ids: [String]) throws(VectorError) -> [RecordID] {
        guard (1...self.limits.maximumRecordsPerCall).contains(ids.count) else {
            throw VectorError(
                .invalidArgument, "ids has 1 to \(self.limits.maximumRecordsPerCall) elements, not \(ids.count).")
        }
        var checked: [RecordID] = []
        for (index, id) in ids.enumerated() {
            checked.append(try RecordID(checking: id, at: "ids[\(index)]"))
        }
        return checked
    }
}

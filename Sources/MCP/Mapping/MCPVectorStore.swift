/// Vectors in one collection of a vector server, by whatever tools the server has.
public struct MCPVectorStore: Sendable {
    private let caller: ToolCaller
    private let mapping: VectorToolMapping
    private let collection: JSONValue

    /// Bytes of records in one call, well below what servers take in one message.
    private static let maximumBatchBytes = 2 << 20

    /// A collection of the server that `client` talks to.
    public init(client: MCPClient, mapping: VectorToolMapping = .lectern, collection: String) {
        self.caller = ToolCaller(
            client: client, notFound: mapping.notFound ?? [], failure: mapping.failure ?? [])
        self.mapping = mapping
        self.collection = .string(collection)
    }

    /// Makes sure that the collection exists with this dimension, where the server has a tool for it.
    public func ensureCollection(dimension: Int) async throws {
        guard let create = self.mapping.createCollection else { return }
        // "It is there already" looks like any other sign here, so it takes the place of "not found".
        var call = create.call
        call.notFound = create.alreadyExists ?? []
        _ = try await self.caller.call(call, ["collection": self.collection, "dimension": .integer(Int64(dimension))])
    }

    /// Writes records, replacing those of the same id, in as many calls as the server needs.
    ///
    /// Throws ``MCPError`` at the first call that fails: earlier ones stand, and the whole may be repeated.
    public func upsert(_ records: [VectorRecord]) async throws {
        let upsert = self.mapping.upsert
        for batch in Self.batches(of: records, size: upsert.batchSize ?? 100) {
            if upsert.deletesFirst == true { _ = try await self.delete(ids: batch.map(\.id)) }
            var values: [String: JSONValue] = ["collection": self.collection]
            let rows = try batch.map { try self.values($0) }
            values["ids"] = .array(rows.compactMap { $0["id"] })
            values["vectors"] = .array(rows.compactMap { $0["vector"] })
            values["metadatas"] = .array(rows.compactMap { $0["metadata"] })
            values["texts"] = .array(rows.map { $0["text"] ?? "" })
            if let record = upsert.record {
                values["records"] = .array(rows.map { record.filled(with: $0) })
            }
            if rows.count == 1 { values.merge(rows[0]) { _, row in row } }
            // A second "add" of ids that the first one did add would fail.
            let isIdempotent = upsert.deletesFirst != true
            guard case .found = try await self.caller.call(upsert.call, values, isIdempotent: isIdempotent) else {
                throw MCPError(code: .notFound, message: "The vector server has no collection \(self.collection)")
            }
        }
    }

    /// The records nearest to `vector`, best first.
    ///
    /// `text` is what servers that embed by themselves search for. All conditions of `filter` must hold. Throws
    /// ``MCPError`` with `notFound` where the collection does not exist.
    public func search(
        vector: [Float], text: String? = nil, limit: Int, filter: [String: JSONValue] = [:]
    ) async throws -> [VectorMatch] {
        let search = self.mapping.search
        var values: [String: JSONValue] = [
            "collection": self.collection, "limit": .integer(Int64(limit)), "vector": try Self.json(vector),
        ]
        values["text"] = text.map { .string($0) }
        values["filter"] = self.filter(filter)
        if self.mapping.isTextMode, text == nil {
            throw MCPError(code: .invalidArgument, message: "The vector server searches by text, and none was given")
        }
        guard case .found(_, let payload) = try await self.caller.call(search.call, values) else {
            throw MCPError(code: .notFound, message: "The vector server has no collection \(self.collection)")
        }
        return try self.matches(payload, search).sorted { $0.score > $1.score }
    }

    /// Removes records; returns how many, as far as the server tells. Ids that do not exist are no error.
    public func delete(ids: [String]) async throws -> Int {
        guard let delete = self.mapping.delete else {
            throw MCPError(code: .invalidMapping, message: "The mapping of the vector server has no delete")
        }
        let size = delete.batchSize ?? 100
        var deleted = 0
        for start in stride(from: 0, to: ids.count, by: size) {
            let batch = ids[start..<min(start + size, ids.count)]
            var values: [String: JSONValue] = [
                "collection": self.collection, "ids": .array(batch.map { .string($0) }),
            ]
            if size == 1 { values["id"] = batch.first.map { .string($0) } }
            guard case .found(_, let payload) = try await self.caller.call(delete.call, values) else { continue }
            deleted += delete.deleted.flatMap { payload.value(at: $0)?.intValue } ?? batch.count
        }
        return deleted
    }

    /// Counts the records that `filter` lets through; 0 where the collection does not exist.
    public func count(filter: [String: JSONValue] = [:]) async throws -> Int {
        guard let count = self.mapping.count else {
            throw MCPError(code: .invalidMapping, message: "The mapping of the vector server has no count")
        }
        var values: [String: JSONValue] = ["collection": self.collection]
        values["filter"] = self.filter(filter)
        guard case .found(_, let payload) = try await self.caller.call(count.call, values) else { return 0 }
        let value = count.count.map { payload.value(at: $0) } ?? payload
        guard let number = value?.intValue ?? value?.stringValue.flatMap(Int.init) else {
            throw MCPError(code: .protocolViolation, message: "The answer of \(count.call.tool) holds no number")
        }
        return number
    }

    private func values(_ record: VectorRecord) throws(MCPError) -> [String: JSONValue] {
        var values: [String: JSONValue] = [
            "id": .string(record.id), "vector": try Self.json(record.vector), "metadata": .object(record.metadata),
            "metadata_json": .string(JSONValue.object(record.metadata).description),
        ]
        values["text"] = record.text.map { .string($0) }
        if self.mapping.isTextMode, record.text == nil {
            throw MCPError(code: .invalidArgument, message: "The vector server embeds texts, and \(record.id) has none")
        }
        return values
    }

    /// The components in their shortest decimal form, which halves the message against that of doubles.
    private static func json(_ vector: [Float]) throws(MCPError) -> JSONValue {
        guard
            let values = try? vector.map({ component throws(MCPError) -> JSONValue in
                guard component.isFinite, let value = Double(component.description) else {
                    throw MCPError(code: .invalidArgument, message: "")
                }
                return .number(value)
            })
        else { throw MCPError(code: .invalidArgument, message: "A vector holds a component that is no number") }
        return .array(values)
    }

    private func filter(_ filter: [String: JSONValue]) -> JSONValue? {
        guard !filter.isEmpty else { return nil }
        let fields = filter.sorted { $0.key < $1.key }
        switch self.mapping.search.filterForm ?? .object {
        case .object:
            return .object(filter)
        case .list:
            return .array(
                fields.compactMap { field in
                    self.mapping.search.filterItem?.filled(with: ["field": .string(field.key), "value": field.value])
                })
        case .and:
            let conditions = fields.map { JSONValue.object([$0.key: $0.value]) }
            return conditions.count == 1 ? conditions[0] : ["$and": .array(conditions)]
        }
    }

    private func matches(_ payload: JSONValue, _ search: VectorToolMapping.Search) throws(MCPError) -> [VectorMatch] {
        guard let path = search.matches else { return try self.columns(payload, search) }
        guard let items = try payload.required(path, of: search.call).arrayValue else {
            throw MCPError(code: .protocolViolation, message: "The answer of \(search.call.tool) holds no list")
        }
        var matches: [VectorMatch] = []
        for item in items {
            matches.append(
                try self.match(
                    item.value(at: search.id), item.value(at: search.score),
                    search.metadata.flatMap { item.value(at: $0) }, search.text.flatMap { item.value(at: $0) }))
        }
        return matches
    }

    /// Matches that come as lists side by side.
    private func columns(_ payload: JSONValue, _ search: VectorToolMapping.Search) throws(MCPError) -> [VectorMatch] {
        let ids = try payload.required(search.id, of: search.call).arrayValue ?? []
        let scores = try payload.required(search.score, of: search.call).arrayValue ?? []
        guard ids.count == scores.count else {
            throw MCPError(code: .protocolViolation, message: "The columns of \(search.call.tool) differ in length")
        }
        let metadata = search.metadata.flatMap { payload.value(at: $0) }
        let texts = search.text.flatMap { payload.value(at: $0) }
        var matches: [VectorMatch] = []
        for index in ids.indices {
            matches.append(try self.match(ids[index], scores[index], metadata?[index], texts?[index]))
        }
        return matches
    }

    private func match(
        _ id: JSONValue?, _ score: JSONValue?, _ metadata: JSONValue?, _ text: JSONValue?
    ) throws(MCPError) -> VectorMatch {
        guard let id = id?.stringValue ?? id?.intValue.map(String.init), let score = score?.doubleValue else {
            throw MCPError(code: .protocolViolation, message: "A match of the vector server has no id or no score")
        }
        return VectorMatch(
            id: id, score: self.mapping.search.scoreKind.similarity(score), metadata: Self.members(metadata),
            text: text?.stringValue)
    }

    /// Metadata as an object, or as the JSON text that some databases give back.
    private static func members(_ metadata: JSONValue?) -> [String: JSONValue] {
        if let text = metadata?.stringValue, let value = try? JSONValue(parsing: text) {
            return value.objectValue ?? [:]
        }
        return metadata?.objectValue ?? [:]
    }

    /// Cuts records into batches by number and by size.
    private static func batches(of records: [VectorRecord], size: Int) -> [ArraySlice<VectorRecord>] {
        var batches: [ArraySlice<VectorRecord>] = []
        var start = 0
        var bytes = 0
        for (index, record) in records.enumerated() {
            // A component takes up to about 14 characters.
            let recordBytes = record.vector.count * 14 + (record.text?.utf8.count ?? 0) + 500
            if index > start, index - start == size || bytes + recordBytes > self.maximumBatchBytes {
                batches.append(records[start..<index])
                start = index
                bytes = 0
            }
            bytes += recordBytes
        }
        if start < records.count { batches.append(records[start...]) }
        return batches
    }
}

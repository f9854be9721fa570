import Logging
import MCP
import MCPServing

/// The vector store's operations as MCP tools.
struct VectorTools: Sendable {
    let store: VectorStore

    var definitions: [MCPToolDefinition] {
        [
            self.createCollection, self.listCollections, self.dropCollection, self.upsert, self.search, self.get,
            self.delete, self.count,
        ]
    }

    private func tool(
        _ name: String, title: String, _ description: String, input: JSONValue, required: [String], output: JSONValue,
        annotations: MCPToolDefinition.Annotations,
        _ body: @escaping @Sendable (ToolArguments, VectorStore) async throws -> JSONValue
    ) -> MCPToolDefinition {
        MCPToolDefinition(
            name: name, title: title, description: description,
            inputSchema: [
                "type": "object", "properties": input, "required": .array(required.map { .string($0) }),
                "additionalProperties": false,
            ],
            outputSchema: [
                "type": "object", "properties": output,
                "required": .array((output.objectValue ?? [:]).keys.sorted().map { .string($0) }),
            ],
            annotations: annotations
        ) { arguments, context in
            do {
                return .structured(try await body(ToolArguments(arguments), self.store))
            } catch let error as VectorError {
                if [.storageFull, .ioFailure, .corrupted].contains(error.code) {
                    context.logger.error("Vector tool failed", metadata: ["error": "\(error)"])
                }
                return .failure(error.code.rawValue, error.message)
            } catch let mismatch as ToolArguments.Mismatch {
                return .failure(VectorError.Code.invalidArgument.rawValue, mismatch.message)
            }
        }
    }

    private static let collectionSchema: JSONValue = ["type": "string", "description": "Name of the collection."]
    private static let vectorSchema: JSONValue = ["type": "array", "items": ["type": "number"]]
    private static let idsSchema: JSONValue = ["type": "array", "items": ["type": "string"]]
    private static let filterSchema: JSONValue = [
        "type": ["object", "null"],
        "description": """
        Condition on the metadata: {"field": value} or {"field": {"$gt": 3}}; operators $eq $ne $in $gt $gte $lt $lte, \
        combined by {"$and": [...]} and {"$or": [...]}; dots lead into nested objects.
        """,
    ]
    private static let textSchema: JSONValue = ["type": ["string", "null"]]

    private static func collection(_ arguments: ToolArguments) throws -> CollectionName {
        try CollectionName(arguments.string("collection"))
    }

    private var createCollection: MCPToolDefinition {
        self.tool(
            "vector_create_collection", title: "Create a collection",
            "Creates a collection for vectors of one dimension. Does nothing where it stands with that dimension.",
            input: [
                "collection": Self.collectionSchema,
                "dimension": [
                    "type": "integer", "minimum": 1, "maximum": .integer(Int64(self.store.limits.maximumDimension)),
                ],
            ], required: ["collection", "dimension"],
            output: [
                "collection": ["type": "string"], "dimension": ["type": "integer"], "created": ["type": "boolean"],
            ], annotations: .init(isIdempotent: true)
        ) { arguments, store in
            let name = try Self.collection(arguments)
            let dimension = try arguments.integer("dimension")
            let created = try await store.createCollection(name, dimension: dimension)
            return [
                "collection": .string(name.text), "dimension": .integer(Int64(dimension)), "created": .bool(created),
            ]
        }
    }

    private var listCollections: MCPToolDefinition {
        let number: JSONValue = ["type": "integer"]
        return self.tool(
            "vector_list_collections", title: "List collections",
            "Lists all collections with their size, and the memory that all records take against what they may.",
            input: [:], required: [],
            output: [
                "collections": [
                    "type": "array",
                    "items": [
                        "type": "object",
                        "properties": [
                            "collection": ["type": "string"], "dimension": number, "count": number,
                            "memory_bytes": number, "disk_bytes": number,
                        ], "required": ["collection", "dimension", "count", "memory_bytes", "disk_bytes"],
                    ],
                ], "memory_bytes": number, "memory_limit_bytes": number,
            ], annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { _, store in
            let infos = store.collectionInfos().map { info -> JSONValue in
                [
                    "collection": .string(info.name), "dimension": .integer(Int64(info.dimension)),
                    "count": .integer(Int64(info.count)), "memory_bytes": .integer(Int64(info.memoryBytes)),
                    "disk_bytes": .integer(Int64(info.diskBytes)),
                ]
            }
            return [
                "collections": .array(infos), "memory_bytes": .integer(Int64(store.memoryBytes)),
                "memory_limit_bytes": .integer(Int64(store.limits.maximumMemoryBytes)),
            ]
        }
    }

    private var dropCollection: MCPToolDefinition {
        self.tool(
            "vector_drop_collection", title: "Drop a collection",
            "Deletes a collection with all its records; dropped tells whether there was one.",
            input: ["collection": Self.collectionSchema], required: ["collection"],
            output: ["dropped": ["type": "boolean"]], annotations: .init(isDestructive: true, isIdempotent: true)
        ) { arguments, store in
            ["dropped": .bool(try await store.dropCollection(Self.collection(arguments)))]
        }
    }

    private var upsert: MCPToolDefinition {
        self.tool(
            "vector_upsert", title: "Insert or replace records",
            """
            Inserts or replaces records, all or none. Answers when they would survive a loss of power. Vectors are scaled \
            to length 1.
            """,
            input: [
                "collection": Self.collectionSchema,
                "records": [
                    "type": "array",
                    "items": [
                        "type": "object",
                        "properties": [
                            "id": ["type": "string"], "vector": Self.vectorSchema,
                            "metadata": ["type": ["object", "null"]], "text": Self.textSchema,
                        ], "required": ["id", "vector"], "additionalProperties": false,
                    ],
                ],
            ], required: ["collection", "records"], output: ["upserted": ["type": "integer"]],
            annotations: .init(isDestructive: true, isIdempotent: true)
        ) { arguments, store in
            let name = try Self.collection(arguments)
            var records: [VectorRecord] = []
            for (index, value) in (arguments["records"]?.arrayValue ?? []).enumerated() {
                let record = ToolArguments(value)
                do throws(ToolArguments.Mismatch) {
                    records.append(
                        VectorRecord(
                            id: try record.string("id"), vector: try record.numbers("vector"),
                            metadata: record["metadata"]?.objectValue ?? [:], text: try record.optionalString("text")))
                } catch {
                    throw ToolArguments.Mismatch(message: "records[\(index)].\(error.message)")
                }
            }
            return ["upserted": .integer(Int64(try await store.upsert(records, into: name)))]
        }
    }

    private var search: MCPToolDefinition {
        self.tool(
            "vector_search", title: "Search by similarity",
            "Finds the records most similar to a vector by cosine similarity: exact, best first, ties in the order of ids.",
            input: [
                "collection": Self.collectionSchema, "vector": Self.vectorSchema,
                "limit": ["type": "integer", "minimum": 1, "maximum": 1000, "description": "10 by default."],
                "filter": Self.filterSchema,
                "min_score": ["type": ["number", "null"], "description": "Leave out what is less similar, -1 to 1."],
            ], required: ["collection", "vector"],
            output: [
                "matches": [
                    "type": "array",
                    "items": [
                        "type": "object",
                        "properties": [
                            "id": ["type": "string"], "score": ["type": "number"], "metadata": ["type": "object"],
                            "text": Self.textSchema,
                        ], "required": ["id", "score", "metadata", "text"],
                    ],
                ]
            ], annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { arguments, store in
            let matches = try await store.search(
                arguments.numbers("vector"), in: Self.collection(arguments),
                limit: arguments["limit"] == nil ? 10 : arguments.integer("limit"), filter: arguments["filter"],
                minimumScore: arguments["min_score"]?.doubleValue)
            return [
                "matches": .array(
                    matches.map { match in
                        [
                            "id": .string(match.id), "score": .number(match.score), "metadata": .object(match.metadata),
                            "text": match.text.map { .string($0) } ?? .null,
                        ]
                    })
            ]
        }
    }

    private var get: MCPToolDefinition {
        self.tool(
            "vector_get", title: "Read records",
            "Reads the records of these ids that exist, in the order asked for. Vectors come scaled to length 1.",
            input: ["collection": Self.collectionSchema, "ids": Self.idsSchema], required: ["collection", "ids"],
            output: [
                "records": [
                    "type": "array",
                    "items": [
                        "type": "object",
                        "properties": [
                            "id": ["type": "string"], "vector": Self.vectorSchema, "metadata": ["type": "object"],
                            "text": Self.textSchema,
                        ], "required": ["id", "vector", "metadata", "text"],
                    ],
                ]
            ], annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { arguments, store in
            let records = try store.records(arguments.strings("ids"), in: Self.collection(arguments))
            return [
                "records": .array(
                    records.map { record in
                        [
                            "id": .string(record.id), "vector": .array(record.vector.map { .number($0) }),
                            "metadata": .object(record.metadata), "text": record.text.map { .string($0) } ?? .null,
                        ]
                    })
            ]
        }
    }

    private var delete: MCPToolDefinition {
        self.tool(
            "vector_delete", title: "Delete records",
            "Deletes the records of these ids, or those that a filter lets pass, and tells how many there were.",
            input: [
                "collection": Self.collectionSchema, "ids": Self.idsSchema, "filter": Self.filterSchema,
            ], required: ["collection"], output: ["deleted": ["type": "integer"]],
            annotations: .init(isDestructive: true, isIdempotent: true)
        ) { arguments, store in
            let name = try Self.collection(arguments)
            switch (arguments["ids"], arguments["filter"]) {
            case (.some, nil):
                return ["deleted": .integer(Int64(try await store.delete(arguments.strings("ids"), from: name)))]
            case (nil, let filter?):
                return ["deleted": .integer(Int64(try await store.delete(matching: filter, from: name)))]
            case (nil, nil), (.some, .some):
                throw VectorError(.invalidArgument, "Give either ids or filter.")
            }
        }
    }

    private var count: MCPToolDefinition {
        self.tool(
            "vector_count", title: "Count records", "Counts the records, or those that a filter lets pass.",
            input: ["collection": Self.collectionSchema, "filter": Self.filterSchema], required: ["collection"],
            output: ["count": ["type": "integer"]], annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { arguments, store in
            let count = try await store.count(in: Self.collection(arguments), filter: arguments["filter"])
            return ["count": .integer(Int64(count))]
        }
    }
}

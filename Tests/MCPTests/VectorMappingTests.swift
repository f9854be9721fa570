import CurlHTTP
import Synchronization
import Testing

@testable import MCP

/// Vector mappings against servers in the shapes that foreign servers have.
@Suite struct VectorMappingTests {
    private final class Seen: Sendable {
        let calls = Mutex<[(tool: String, arguments: JSONValue)]>([])
        func add(_ tool: String, _ arguments: JSONValue) { self.calls.withLock { $0.append((tool, arguments)) } }
        func arguments(of tool: String) -> [JSONValue] {
            self.calls.withLock { $0.filter { $0.tool == tool }.map(\.arguments) }
        }
    }

    private func tool(
        _ name: String, _ seen: Seen, _ answer: @escaping @Sendable (JSONValue) throws -> MCPToolResult
    ) -> MCPToolDefinition {
        MCPToolDefinition(name: name, description: name, inputSchema: ["type": "object"]) { arguments, _ in
            seen.add(name, arguments)
            return try answer(arguments)
        }
    }

    private func with<T: Sendable>(
        _ tools: [MCPToolDefinition], _ body: @Sendable (MCPClient) async throws -> T
    ) async throws -> T {
        let core = MCPServerCore(name: "v", version: "1", tools: tools, logger: quiet)
        return try await LoopbackServer.with(core) { server in
            return try await withClient(server.url + "/mcp", body)
        }
    }

    private static let records = (0..<5).map { number in
        VectorRecord(
            id: "00000000-0000-0000-0000-00000000000\(number)", vector: [0.1, Float(number), -0.25],
            metadata: ["lesson": "l\(number)"], text: "text \(number)")
    }

    @Test func ourOwnShapeIsSentAndReadAsAgreed() async throws {
        let seen = Seen()
        let tools = [
            self.tool("vector_create_collection", seen) { _ in .structured(["created": true]) },
            self.tool("vector_upsert", seen) {
                .structured(["upserted": .integer(Int64($0["records"]?.arrayValue?.count ?? 0))])
            },
            self.tool("vector_search", seen) { _ in
                .structured([
                    "matches": [
                        ["id": "b", "score": 0.5, "metadata": [:]],
                        ["id": "a", "score": 0.9, "metadata": ["lesson": "l"], "text": "t"],
                    ]
                ])
            },
            self.tool("vector_delete", seen) { _ in .structured(["deleted": 2]) },
            self.tool("vector_count", seen) { _ in .structured(["count": 7]) },
        ]
        try await self.with(tools) { client in
            let store = MCPVectorStore(client: client, collection: "lessons")
            try await store.ensureCollection(dimension: 3)
            try await store.upsert(Self.records)
            let matches = try await store.search(vector: [1, 0, 0], limit: 2, filter: ["lesson": "l"])
            #expect(matches.map(\.id) == ["a", "b"])
            #expect(matches[0].text == "t")
            let deleted = try await store.delete(ids: ["a", "b", "c"])
            #expect(deleted == 2)
            let count = try await store.count()
            #expect(count == 7)
            let broken = await mcpError { try await store.search(vector: [.nan], limit: 1) }
            #expect(broken?.code == .invalidArgument)
        }
        let upsert = seen.arguments(of: "vector_upsert")
        #expect(upsert.count == 1)
        #expect(
            upsert[0]["records"]?[1] == [
                "id": "00000000-0000-0000-0000-000000000001", "vector": [0.1, 1.0, -0.25], "metadata": ["lesson": "l1"],
                "text": "text 1",
            ])
        #expect(
            seen.arguments(of: "vector_search") == [
                ["collection": "lessons", "vector": [1.0, 0.0, 0.0], "limit": 2, "filter": ["lesson": "l"]]
            ])
        #expect(seen.arguments(of: "vector_count") == [["collection": "lessons"]])
    }

    /// One record a call, filters as a list, distances, no delete: the shape of a server over a table.
    @Test func aServerThatTakesRecordsOneByOneAndAnswersDistancesWorks() async throws {
        let mapping = try VectorToolMapping(
            json: Array(
                #"""
                {"upsert": {"batch_size": 1, "call": {"tool": "upsert_embedding", "arguments":
                {"table": "{collection}", "id_column": "id", "id_value": "{id}", "embedding_column": "embedding",
                 "embedding": "{vector}", "metadata": {"metadata": "{metadata_json}"}}}},
                 "search": {"call": {"tool": "similarity_search", "arguments":
                {"table": "{collection}", "embedding_column": "embedding", "query_embedding": "{vector}",
                 "k": "{limit}", "metric": "cosine", "return_columns": ["id", "metadata"], "filters": "{filter}"}},
                "matches": "result", "id": "id", "score": "distance", "metadata": "metadata",
                "score_kind": "cosine_distance", "filter_form": "list",
                "filter_item": {"column": "{field}", "op": "eq", "value": "{value}"}}}
                """#.utf8))
        let seen = Seen()
        let tools = [
            self.tool("upsert_embedding", seen) { _ in .text("ok") },
            self.tool("similarity_search", seen) { _ in
                .structured([
                    "result": [["id": 3, "distance": 0.25], ["id": 4, "distance": 0.1, "metadata": "{\"x\":1}"]]
                ])
            },
        ]
        try await self.with(tools) { client in
            let store = MCPVectorStore(client: client, mapping: mapping, collection: "lessons")
            try await store.ensureCollection(dimension: 3)
            try await store.upsert(Self.records)
            let matches = try await store.search(vector: [1, 0, 0], limit: 2, filter: ["b": 1, "a": true])
            #expect(matches.map(\.id) == ["4", "3"])
            #expect(matches[0].score == 0.9)
            #expect(matches[0].metadata == ["x": 1])
            let error = await mcpError { try await store.delete(ids: ["x"]) }
            #expect(error?.code == .invalidMapping)
        }
        #expect(seen.arguments(of: "upsert_embedding").count == 5)
        #expect(seen.arguments(of: "upsert_embedding")[1]["metadata"]?["metadata"] == "{\"lesson\":\"l1\"}")
        #expect(
            seen.arguments(of: "similarity_search")[0]["filters"] == [
                ["column": "a", "op": "eq", "value": true], ["column": "b", "op": "eq", "value": 1],
            ])
    }

    /// Texts instead of vectors, columns instead of records, add instead of upsert, failures in prose.
    @Test func aServerThatEmbedsByItselfAndAnswersInColumnsWorks() async throws {
        let mapping = try VectorToolMapping(
            json: Array(
                #"""
                {"create_collection": {"call": {"tool": "create", "arguments": {"collection_name": "{collection}"}},
                    "already_exists": [{"text": "*already exists*"}]},
                 "upsert": {"deletes_first": true, "batch_size": 2, "call": {"tool": "add", "arguments":
                    {"collection_name": "{collection}", "documents": "{texts}", "ids": "{ids}", "metadatas": "{metadatas}"}}},
                 "search": {"call": {"tool": "query", "arguments":
                    {"collection_name": "{collection}", "query_texts": ["{text}"], "n_results": "{limit}",
                     "where": "{filter}"}},
                    "id": "ids[0]", "score": "distances[0]", "metadata": "metadatas[0]", "text": "documents[0]",
                    "score_kind": "squared_euclidean_distance", "filter_form": "and"},
                 "delete": {"call": {"tool": "delete", "arguments": {"collection_name": "{collection}", "ids": "{ids}"}}},
                 "count": {"call": {"tool": "count", "arguments": {"collection_name": "{collection}"}}},
                 "failure": [{"text": "Error:*"}]}
                """#.utf8))
        #expect(mapping.isTextMode)
        let seen = Seen()
        let ids = Mutex<Set<String>>([Self.records[0].id])
        let tools = [
            self.tool("create", seen) { _ in .text("Collection lessons already exists", isError: true) },
            self.tool("add", seen) { arguments in
                let new = arguments["ids"]?.arrayValue?.compactMap(\.stringValue) ?? []
                let clash = ids.withLock { known in
                    defer { known.formUnion(new) }
                    return !known.isDisjoint(with: new)
                }
                return clash ? .text("Error: ID exists") : .text("Added")
            },
            self.tool("delete", seen) { arguments in
                ids.withLock { $0.subtract(arguments["ids"]?.arrayValue?.compactMap(\.stringValue) ?? []) }
                return .text("Deleted")
            },
            self.tool("query", seen) { _ in
                .text(
                    #"{"ids":[["a","b"]],"distances":[[0.2,0.4]],"metadatas":[[{"x":1},null]],"documents":[["A","B"]]}"#
                )
            },
            self.tool("count", seen) { _ in .text("Error: no such collection") },
        ]
        try await self.with(tools) { client in
            let store = MCPVectorStore(client: client, mapping: mapping, collection: "lessons")
            try await store.ensureCollection(dimension: 3)
            try await store.upsert(Self.records)
            let matches = try await store.search(vector: [], text: "what", limit: 2, filter: ["a": 1, "b": 2])
            #expect(matches.map(\.text) == ["A", "B"])
            #expect(abs(matches[0].score - 0.9) < 1e-12)
            let failed = await mcpError { try await store.count() }
            #expect(failed?.code == .toolFailed)
            let mute = await mcpError { try await store.search(vector: [1], limit: 2) }
            #expect(mute?.code == .invalidArgument)
        }
        #expect(seen.arguments(of: "add").count == 3)
        #expect(seen.arguments(of: "query")[0]["where"] == ["$and": [["a": 1], ["b": 2]]])
        #expect(seen.arguments(of: "query")[0]["query_texts"] == ["what"])
    }

    @Test(arguments: [
        (
            #"{"call":{"tool":"s","arguments":{"v":"{vector}"}},"id":"i","score":"s","score_kind":"distance"}"#,
            "search.score_kind"
        ),
        (
            #"{"call":{"tool":"s","arguments":{"v":"{vector}"}},"id":"i","score":"s","score_kind":"similarity","filter_form":"list"}"#,
            "search.filter_item"
        ),
        (
            #"{"call":{"tool":"s","arguments":{}},"id":"i","score":"s","score_kind":"similarity"}"#,
            "{text} or {vector} is missing"
        ),
    ])
    func aMistakeInAVectorMappingIsNamed(search: String, message: String) {
        let json = #"{"upsert":{"call":{"tool":"u","arguments":{"ids":"{ids}"}}},"search":\#(search)}"#
        do throws(MCPError) {
            _ = try VectorToolMapping(json: Array(json.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains(message))
        }
    }
}

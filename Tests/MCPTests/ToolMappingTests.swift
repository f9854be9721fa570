import CurlHTTP
import Foundation
import Synchronization
import Testing

@testable import MCP

@Suite struct ToolMappingTests {
    @Test func gapsTakeValuesOfAnyTypeAndVanishWithoutOne() throws {
        let template = try ArgumentTemplate([
            "params": ["path": "/root/{bucket}/{key}", "ids": "{ids}", "token": "{token}"], "format": "json",
            "braces": "{{literal}",
        ])
        let filled = template.filled(with: ["bucket": "b", "key": "k", "ids": ["x", "y"]])
        #expect(
            filled == [
                "params": ["path": "/root/b/k", "ids": ["x", "y"]], "format": "json", "braces": "{literal}",
            ])
        #expect(throws: MCPError.self) { try ArgumentTemplate(["a": "{open"]) }
        #expect(throws: MCPError.self) { try ArgumentTemplate("text") }
    }

    @Test(arguments: [
        (#"{"#, "no JSON"), (#"{}"#, "put is missing"),
        (#"{"put":{"call":{"tool":"p"}},"get":{"call":{"tool":"g","arguments":{}}}}"#, "put.call.arguments is missing"),
        (
            #"{"put":{"call":{"tool":"p","arguments":{"k":"{key}","t":"{text}"}}},"get":{"call":{"tool":"g","arguments":{"k":"{kye}"}}}}"#,
            "get.call.arguments: unknown placeholder {kye}; there are {bucket}, {key}"
        ),
        (
            #"{"put":{"call":{"tool":"p","arguments":{"k":"{key}"}}},"get":{"call":{"tool":"g","arguments":{"k":"{key}"}}}}"#,
            "put.call.arguments: {base64} or {text} is missing"
        ),
        (
            #"{"put":{"call":{"tool":"p","arguments":{"k":"{key}","t":"{text}"}}},"get":{"call":{"tool":"g","arguments":{"k":"{key}"}},"txet":"a"}}"#,
            "get.txet is not a known member"
        ),
        (
            #"{"put":{"call":{"tool":"p","arguments":{"k":"{key}","t":"{text}"}}},"get":{"call":{"tool":"g","arguments":{"k":"{key}"}},"text":"a..b"}}"#,
            "get.text: \"a..b\" is no path"
        ),
        (
            #"{"put":{"call":{"tool":"p","arguments":{"k":"{key}","t":"{text}"}}},"get":{"call":{"tool":5,"arguments":{"k":"{key}"}}}}"#,
            "get.call.tool must be of type String"
        ),
    ])
    func aMistakeInAMappingIsNamedWithItsPlace(json: String, message: String) {
        do throws(MCPError) {
            _ = try ObjectToolMapping(json: Array(json.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.code == .invalidMapping)
            #expect(error.message.contains(message))
        }
    }

    @Test func ourOwnMappingsAreSoundAndSurviveWritingAndReading() throws {
        let object = try ObjectToolMapping(json: JSONValue(encoding: ObjectToolMapping.lectern).serialized())
        #expect(object == .lectern)
        let vector = try VectorToolMapping(json: JSONValue(encoding: VectorToolMapping.lectern).serialized())
        #expect(vector == .lectern)
    }

    @Test func theCheckFindsWhatDoesNotFit() {
        let schema: JSONValue = [
            "type": "object", "properties": ["bucket": [:], "key": [:], "version": [:]],
            "required": ["bucket", "key", "version"], "additionalProperties": false,
        ]
        let open: JSONValue = [
            "type": "object", "properties": ["key": [:], "content": [:]], "required": ["content"],
        ]
        let findings = ObjectToolMapping.lectern.check(against: [
            MCPTool(name: "object_get", inputSchema: schema), MCPTool(name: "object_put", inputSchema: open),
        ])
        let texts = findings.map(\.description)
        #expect(texts.contains("error: get (object_get): the required argument version is not given"))
        #expect(texts.contains("warning: put (object_put): the tool does not know the argument bucket"))
        #expect(
            texts.contains("warning: put (object_put): the required argument content is left out where {text} is empty")
        )
        #expect(texts.contains("error: list (object_list): the server has no such tool"))
    }

    @Test(arguments: [
        (VectorToolMapping.ScoreKind.similarity, 0.8, 0.8), (.cosineDistance, 0.2, 0.8),
        (.squaredEuclideanDistance, 0.4, 0.8), (.euclideanDistance, 1, 0.5),
    ])
    func everyScoreBecomesASimilarity(kind: VectorToolMapping.ScoreKind, score: Double, similarity: Double) {
        #expect(abs(kind.similarity(score) - similarity) < 1e-12)
    }

    @Test(
        .enabled(if: PythonPeer.has("filesystem_mcp"), "needs LECTERN_PYTHON with the package filesystem-mcp"))
    func aForeignStorageServerWorksByMappingAlone() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(
            at: root.appending(path: "books_main/parts/01"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Support/mcp_peers/filesystem_mapping.json")
        let json = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(of: "ROOT", with: root.path)
        let mapping = try ObjectToolMapping(json: Array(json.utf8))
        try await PythonPeer.withServer("foreign_storage_server", [root.path]) { url in
            try await withClient(url + "/sse") { client in
                let findings = mapping.check(against: try await client.listTools())
                #expect(
                    findings.map(\.description) == [
                        "warning: put (write_file): the required argument content is left out where {text} is empty"
                    ])
                let store = MCPObjectStore(client: client, mapping: mapping, bucket: "books_main")
                try await ObjectStoreChecks.run(store, isForeign: true)
                // This server reads text with its line ends made alike: noticed, not passed off as the object.
                _ = try await store.put(key: "crlf.md", body: Array("a\r\nb".utf8), contentType: "text/markdown")
                let error = await mcpError { try await store.get(key: "crlf.md") }
                #expect(error?.code == .protocolViolation)
            }
        }
    }
}

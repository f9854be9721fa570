import MCP
import Testing

/// What every storage server must do, whatever its tools are called; a foreign one here takes only text and cannot
/// delete.
enum ObjectStoreChecks {
    static func run(_ store: MCPObjectStore, isForeign: Bool = false) async throws {
        let text = Array("# Title\n\nGrüße, علم, 🤖\n".utf8)
        let put = try await store.put(key: "parts/01/lesson.md", body: text, contentType: "text/markdown")
        #expect(put.key == "parts/01/lesson.md")
        #expect(put.size == text.count)
        let read = try await store.get(key: "parts/01/lesson.md")
        #expect(read == text)
        let missing = try await store.get(key: "parts/01/missing.md")
        #expect(missing == nil)
        let head = try await store.head(key: "parts/01/lesson.md")
        #expect(head?.size == text.count)
        let noHead = try await store.head(key: "parts/01/missing.md")
        #expect(noHead == nil)

        if !isForeign {
            let binary = (0...255).map { UInt8($0) }
            _ = try await store.put(key: "parts/01/image.bin", body: binary, contentType: "application/octet-stream")
            let back = try await store.get(key: "parts/01/image.bin")
            #expect(back == binary)
        } else {
            let error = await mcpError {
                try await store.put(key: "parts/01/image.bin", body: [0xFF, 0xFE], contentType: "image/png")
            }
            #expect(error?.code == .invalidArgument)
        }

        _ = try await store.put(key: "parts/01/second.md", body: Array("2".utf8), contentType: "text/markdown")
        var keys: [String] = []
        var token: String?
        repeat {
            let page = try await store.list(prefix: "parts/01/", pageToken: token, limit: 2)
            keys += page.objects.map(\.key)
            token = page.nextPageToken
        } while token != nil
        #expect(Set(keys).isSuperset(of: ["parts/01/lesson.md", "parts/01/second.md"]))

        if !isForeign {
            let deleted = try await store.delete(key: "parts/01/second.md")
            #expect(deleted)
            let again = try await store.delete(key: "parts/01/second.md")
            #expect(!again)
        } else {
            let error = await mcpError { try await store.delete(key: "parts/01/second.md") }
            #expect(error?.code == .invalidMapping)
        }
    }
}

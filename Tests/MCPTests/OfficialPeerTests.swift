import MCP
import Synchronization
import Testing

/// Our client against servers, and our server against a client, written with the official `mcp` package.
@Suite(.enabled(if: PythonPeer.has("mcp"), "needs LECTERN_PYTHON with the mcp package"), .serialized)
struct OfficialPeerTests {
    static let servers: [(arguments: [String], path: String, hint: MCPGeneration?, expected: MCPGeneration)] = [
        (["sse"], "/sse", nil, .httpSSE),
        (["http"], "/mcp", nil, .stateless),
        (["http", "--json"], "/mcp", nil, .stateless),
        (["http"], "/mcp", .streamableHTTP, .streamableHTTP),
        (["http", "--json"], "/mcp", .streamableHTTP, .streamableHTTP),
        (["http", "--resumable"], "/mcp", .streamableHTTP, .streamableHTTP),
    ]

    @Test(arguments: servers)
    func theClientFindsTheGenerationAndUsesTheTools(
        server: (arguments: [String], path: String, hint: MCPGeneration?, expected: MCPGeneration)
    ) async throws {
        try await PythonPeer.withServer("official_server", server.arguments) { url in
            try await withClient(url + server.path, hint: server.hint) { client in
                let tools = try await client.listTools()
                #expect(client.serverGeneration == server.expected)
                #expect(tools.contains { $0.name == "object_put" && $0.requiredArguments == ["bucket", "key"] })

                let echo = try await client.callTool("echo", arguments: ["text": "Grüße\nعلم"])
                #expect(echo.payload == ["result": "Grüße\nعلم"])
                let words = try await client.callTool("list_words")
                #expect(words.payload == ["result": ["one", "two"]])
                #expect(words.content.count == 2)
                let failed = try await client.callTool("fail", arguments: ["reason": "because"])
                #expect(failed.isError)
                let progress = try await client.callTool("with_progress", arguments: ["steps": 3])
                #expect(progress.text == "finished")
                let large = String(repeating: "ä", count: 1_000_000)
                let back = try await client.callTool("echo", arguments: ["text": .string(large)])
                #expect(back.payload["result"]?.stringValue == large)

                let late = await mcpError {
                    try await client.callTool("slow", arguments: ["seconds": 60], timeout: .milliseconds(300))
                }
                #expect(late?.code == .timeout)
                // Answering in JSON, the package does not notice that a stateless caller has left.
                guard server.expected != .stateless || !server.arguments.contains("--json") else { return }
                var cancelled = 0
                for _ in 0..<200 where cancelled == 0 {
                    let statistics = try await client.callTool("statistics").payload
                    cancelled = statistics["slow_cancelled"]?.intValue ?? 0
                }
                #expect(cancelled == 1)
            }
        }
    }

    @Test(arguments: servers)
    func ourObjectMappingFitsAStrangersStorageServer(
        server: (arguments: [String], path: String, hint: MCPGeneration?, expected: MCPGeneration)
    ) async throws {
        try await PythonPeer.withServer("official_server", server.arguments) { url in
            try await withClient(url + server.path, hint: server.hint) { client in
                try await ObjectStoreChecks.run(MCPObjectStore(client: client, bucket: "books_main"))
                let findings = ObjectToolMapping.lectern.check(against: try await client.listTools())
                #expect(findings.isEmpty)
            }
        }
    }

    @Test func anAnswerWhoseStreamIsCutIsTakenUpAgain() async throws {
        try await PythonPeer.withServer("official_server", ["http", "--resumable"]) { url in
            try await withClient(url + "/mcp", hint: .streamableHTTP) { client in
                let answer = try await client.callTool("break_stream", arguments: ["seconds": 0.5])
                #expect(answer.text == "after the break")
            }
        }
    }

    @Test(arguments: ["sse", "http"])
    func aTokenIsSentWithEveryRequest(transport: String) async throws {
        try await PythonPeer.withServer("official_server", [transport, "--token", "s3cret"]) { url in
            let path = transport == "sse" ? "/sse" : "/mcp"
            try await withClient(url + path, token: "s3cret") { client in
                let echo = try await client.callTool("echo", arguments: ["text": "in"])
                #expect(echo.payload == ["result": "in"])
            }
            try await withClient(url + path, token: "wrong") { client in
                let error = await mcpError { try await client.callTool("echo", arguments: ["text": "in"]) }
                #expect(error?.code == .unauthorized)
            }
        }
    }

    @Test func theOfficialClientUsesOurServerInAllGenerations() async throws {
        var limits = MCPServerLimits()
        limits.toolsPerPage = 3
        let core = MCPServerCore.test(limits: limits, access: .init(bearerToken: "s3cret"))
        try await LoopbackServer.with(core) { server in
            let output = try await PythonPeer.output(of: "official_client", [server.url, "s3cret"])
            let seen = try JSONValue(parsing: output)
            let versions = ["stateless": "2026-07-28", "streamable": "2025-11-25", "sse": "2025-11-25"]
            for (generation, version) in versions {
                let view = try #require(seen[generation])
                #expect(view["version"]?.stringValue == version)
                #expect(view["server"] == "test")
                #expect(view["tools"]?.arrayValue?.count == TestTools().all.count)
                #expect(view["echo"] == ["text": "Grüße\nعلم"])
                #expect(view["failed"] == true)
                #expect(view["bad_arguments"] == "is_error")
                #expect(view["unknown"] == -32602)
                #expect(view["progress"]?.arrayValue?.count == 3)
                #expect(view["parallel"] == true)
                #expect(view["slow"] == "timed out")
                #expect(view["cancelled"] == true)
            }
            #expect(await happens { core.openSessions == 0 && core.runningCalls == 0 })
        }
    }
}

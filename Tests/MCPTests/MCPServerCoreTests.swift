import Synchronization
import Testing

@testable import MCP

/// The server's answers, request by request, without a network.
@Suite struct MCPServerCoreTests {
    private static let meta: JSONValue = [
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": [:],
    ]

    private func post(
        _ core: MCPServerCore, _ message: JSONValue, headers: [(name: String, value: String)] = [],
        path: String = "/mcp"
    ) async -> MCPServerResponse {
        await core.handle(
            MCPServerRequest(
                method: "POST", path: path,
                headers: [
                    ("Host", "localhost:8001"), ("Content-Type", "application/json"),
                    ("Accept", "application/json, text/event-stream"),
                ] + headers, body: message.serialized()))
    }

    private func stateless(
        _ core: MCPServerCore, _ method: String, _ params: JSONValue = [:], meta: JSONValue = Self.meta,
        headers: [(name: String, value: String)]? = nil
    ) async -> MCPServerResponse {
        var members = params.objectValue ?? [:]
        members["_meta"] = meta
        var fields = [(name: "MCP-Protocol-Version", value: "2026-07-28"), ("Mcp-Method", method)]
        if let name = params["name"]?.stringValue { fields.append(("Mcp-Name", MCPHeaderValue.encode(name))) }
        let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(members)]
        return await self.post(core, message, headers: headers ?? fields)
    }

    private func session(_ core: MCPServerCore, version: String = "2025-11-25") async throws -> String {
        let answer = await self.post(
            core,
            [
                "jsonrpc": "2.0", "id": 0, "method": "initialize",
                "params": ["protocolVersion": .string(version), "capabilities": [:]],
            ])
        return try #require(answer.headers.first { $0.name == "Mcp-Session-Id" }?.value)
    }

    @Test func discoveryNamesAllRevisionsAndWhoWeAre() async {
        let answer = await self.stateless(.test(), "server/discover")
        #expect(answer.status == 200)
        let result = answer.json["result"]
        #expect(result?["supportedVersions"]?[0] == "2026-07-28")
        #expect(result?["supportedVersions"]?.arrayValue?.count == 5)
        #expect(result?["resultType"] == "complete")
        #expect(result?["cacheScope"] == "public")
        #expect(result?["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "test")
    }

    @Test func theToolListOfAStatelessServerSaysHowLongItHolds() async {
        let result = await self.stateless(.test(), "tools/list").json["result"]
        #expect(result?["ttlMs"] == 300_000)
        #expect(result?["cacheScope"] == "public")
        #expect(result?["tools"]?[0]?["annotations"] != nil)
    }

    @Test(
        arguments: [
            ([("Mcp-Method", "ping")], -32020), ([("MCP-Protocol-Version", "2026-07-28")], -32020),
            ([("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call")], -32020),
            (
                [("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")], -32020
            ),
            ([("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "fail")], -32020),
            (
                [
                    ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "echo"),
                    ("Mcp-Name", "echo"),
                ], -32020
            ),
            ([("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "Tools/Call"), ("Mcp-Name", "echo")], -32020),
        ] as [([(String, String)], Int)])
    func headersThatDoNotRepeatTheBodyAreRefused(headers: [(String, String)], code: Int) async {
        let answer = await self.stateless(
            .test(), "tools/call", ["name": "echo", "arguments": ["text": "x"]],
            headers: headers.map { (name: $0.0, value: $0.1) })
        #expect(answer.status == 400)
        #expect(answer.json["error"]?["code"]?.intValue == code)
    }

    @Test func aRevisionThatWeDoNotSpeakIsRefusedWithThoseThatWeDo() async {
        let meta: JSONValue = [
            "io.modelcontextprotocol/protocolVersion": "1900-01-01", "io.modelcontextprotocol/clientCapabilities": [:],
        ]
        let answer = await self.stateless(
            .test(), "tools/list", meta: meta,
            headers: [("MCP-Protocol-Version", "1900-01-01"), ("Mcp-Method", "tools/list")])
        #expect(answer.status == 400)
        #expect(answer.json["error"]?["code"] == -32022)
        #expect(answer.json["error"]?["data"]?["requested"] == "1900-01-01")
        #expect(answer.json["error"]?["data"]?["supported"]?[0] == "2026-07-28")
    }

    @Test func anEnvelopeWithoutCapabilitiesIsMalformed() async {
        let answer = await self.stateless(
            .test(), "tools/list", meta: ["io.modelcontextprotocol/protocolVersion": "2026-07-28"])
        #expect(answer.status == 400)
        #expect(answer.json["error"]?["code"] == -32602)
    }

    @Test func anUnknownMethodIs404WithABodyThatTellsItFromAMissingPage() async {
        for method in ["resources/list", "ping", "initialize"] {
            let answer = await self.stateless(.test(), method)
            #expect(answer.status == 404)
            #expect(answer.json["error"]?["code"] == -32601)
        }
    }

    @Test func parameterHeadersMustMatchTheBody() async {
        let params: JSONValue = ["name": "by_region", "arguments": ["region": "süd"]]
        let base = [
            (name: "MCP-Protocol-Version", value: "2026-07-28"), ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "by_region"),
        ]
        let core = MCPServerCore.test()
        #expect(await self.stateless(core, "tools/call", params, headers: base).status == 400)
        let wrong = await self.stateless(core, "tools/call", params, headers: base + [("Mcp-Param-Region", "nord")])
        #expect(wrong.json["error"]?["code"] == -32020)
        let right = [("mcp-param-region", MCPHeaderValue.encode("süd"))]
        #expect(await self.stateless(core, "tools/call", params, headers: base + right).status == 200)
    }

    @Test func aSessionIsNeededKnownAndEnded() async throws {
        let core = MCPServerCore.test()
        let list: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "tools/list"]
        #expect(await self.post(core, list).status == 400)
        #expect(await self.post(core, list, headers: [("Mcp-Session-Id", "nope")]).status == 404)
        let session = [(name: "Mcp-Session-Id", value: try await self.session(core))]
        #expect(await self.post(core, list, headers: session).status == 200)
        #expect(await self.post(core, list, headers: session + [("MCP-Protocol-Version", "1.0")]).status == 400)
        let end = MCPServerRequest(method: "DELETE", path: "/mcp", headers: [("Host", "localhost")] + session)
        #expect(await core.handle(end).status == 204)
        #expect(await core.handle(end).status == 404)
        #expect(await self.post(core, list, headers: session).status == 404)
    }

    @Test(arguments: [
        ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("2099-01-01", "2025-11-25"),
    ])
    func theHandshakeAgreesOnTheAskedRevisionOrTheNewest(asked: String, agreed: String) async {
        let answer = await self.post(
            .test(),
            ["jsonrpc": "2.0", "id": 0, "method": "initialize", "params": ["protocolVersion": .string(asked)]])
        #expect(answer.json["result"]?["protocolVersion"]?.stringValue == agreed)
    }

    @Test func batchesAreForTheRevisionThatHadThem() async throws {
        let core = MCPServerCore.test()
        let batch: JSONValue = [
            ["jsonrpc": "2.0", "id": 1, "method": "ping"], ["jsonrpc": "2.0", "method": "notifications/x"],
            ["jsonrpc": "2.0", "id": 2, "method": "nothing"],
        ]
        let old = [(name: "Mcp-Session-Id", value: try await self.session(core, version: "2025-03-26"))]
        let answers = await self.post(core, batch, headers: old).json
        #expect(answers.arrayValue?.count == 2)
        #expect(answers[0]?["result"] == [:])
        #expect(answers[1]?["error"]?["code"] == -32601)
        let new = [(name: "Mcp-Session-Id", value: try await self.session(core))]
        #expect(await self.post(core, batch, headers: new).status == 400)
        #expect(await self.post(core, [], headers: old).status == 400)
        let tooMany = JSONValue.array(Array(repeating: ["jsonrpc": "2.0", "method": "x"], count: 51))
        #expect(await self.post(core, tooMany, headers: old).status == 400)
    }

    @Test func badArgumentsAreAProtocolErrorForOldClientsAndAToolErrorForNewOnes() async throws {
        let core = MCPServerCore.test()
        let call: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ["name": "echo", "arguments": ["x": 1]],
        ]
        let old = [(name: "Mcp-Session-Id", value: try await self.session(core, version: "2025-06-18"))]
        #expect(await self.post(core, call, headers: old).json["error"]?["code"] == -32602)
        let new = [(name: "Mcp-Session-Id", value: try await self.session(core))]
        #expect(await self.post(core, call, headers: new).json["result"]?["isError"] == true)
    }

    @Test func aNotificationIsTakenWithoutAWord() async throws {
        let core = MCPServerCore.test()
        let session = [(name: "Mcp-Session-Id", value: try await self.session(core))]
        let answer = await self.post(core, ["jsonrpc": "2.0", "method": "notifications/initialized"], headers: session)
        #expect(answer.status == 202)
        #expect(answer.bytes.isEmpty)
    }

    @Test func aCancelledCallIsNotAnswered() async throws {
        let tools = TestTools()
        let core = MCPServerCore.test(tools)
        let session = [(name: "Mcp-Session-Id", value: try await self.session(core))]
        async let answer = self.post(
            core,
            [
                "jsonrpc": "2.0", "id": "c", "method": "tools/call",
                "params": ["name": "slow", "arguments": ["seconds": 60]],
            ], headers: session)
        #expect(await happens { tools.counts.withLock { $0.started } == 1 })
        _ = await self.post(
            core, ["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": "c"]],
            headers: session)
        let response = await answer
        #expect(response.status == 202)
        #expect(response.bytes.isEmpty)
        #expect(core.runningCalls == 0)
    }

    @Test func anotherSessionsCallCannotBeCancelled() async throws {
        let tools = TestTools()
        let core = MCPServerCore.test(tools)
        let mine = [(name: "Mcp-Session-Id", value: try await self.session(core))]
        let theirs = [(name: "Mcp-Session-Id", value: try await self.session(core))]
        async let answer = self.post(
            core,
            [
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": ["name": "slow", "arguments": ["seconds": 0.3]],
            ], headers: mine)
        #expect(await happens { tools.counts.withLock { $0.started } == 1 })
        _ = await self.post(
            core, ["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 1]],
            headers: theirs)
        #expect(await answer.json["result"]?["content"]?[0]?["text"] == "done")
    }

    @Test func tooManyCallsAreRefusedAndTheRestGoOn() async {
        let tools = TestTools()
        var limits = MCPServerLimits()
        limits.maximumConcurrentCalls = 1
        let core = MCPServerCore.test(tools, limits: limits)
        async let first = self.stateless(core, "tools/call", ["name": "slow", "arguments": ["seconds": 0.3]])
        #expect(await happens { tools.counts.withLock { $0.started } == 1 })
        let second = await self.stateless(core, "tools/list")
        #expect(second.status == 503)
        #expect(second.headers.contains { $0.name == "Retry-After" })
        #expect(await first.status == 200)
        #expect(await self.stateless(core, "tools/list").status == 200)
    }

    @Test func aCallThatTakesTooLongIsStopped() async {
        let tools = TestTools()
        var limits = MCPServerLimits()
        limits.maximumCallDuration = .milliseconds(50)
        let answer = await self.stateless(
            .test(tools, limits: limits), "tools/call", ["name": "slow", "arguments": ["seconds": 60]])
        #expect(answer.json["result"]?["isError"] == true)
        #expect(tools.counts.withLock { $0.cancelled } == 1)
    }

    @Test(arguments: [
        ("GET", "/nowhere", 404), ("POST", "/sse", 405), ("DELETE", "/messages", 405), ("PUT", "/mcp", 405),
        ("OPTIONS", "/sse", 405), ("POST", "/messages", 400), ("POST", "/messages/", 400), ("GET", "/mcp", 406),
    ])
    func otherPathsAndVerbsAreRefusedProperly(method: String, path: String, status: Int) async {
        let answer = await MCPServerCore.test().handle(
            MCPServerRequest(method: method, path: path, headers: [("Host", "localhost:8001")]))
        #expect(answer.status == status)
        #expect((status == 405) == answer.headers.contains { $0.name == "Allow" })
    }

    @Test(
        arguments: [
            ("evil.example", nil, 421), ("localhost.evil.example", nil, 421), ("localhost:80@evil", nil, 421),
            ("", nil, 421), ("LOCALHOST:1", nil, 400), ("127.0.0.1:8001", nil, 400), ("[::1]:8001", nil, 400),
            ("localhost", "http://evil.example", 403), ("localhost", "null", 403),
            ("localhost", "http://localhost.evil.example", 403), ("localhost", "https://localhost", 403),
            ("localhost", "http://localhost:3000", 400),
        ] as [(String, String?, Int)])
    func foreignHostsAndOriginsStayOutside(host: String, origin: String?, status: Int) async {
        var headers = [(name: "Host", value: host)]
        if let origin { headers.append(("Origin", origin)) }
        let answer = await MCPServerCore.test().handle(
            MCPServerRequest(method: "POST", path: "/messages", headers: headers))
        #expect(answer.status == status)
    }

    @Test func aMissingOrDoubledHostIsRefused() async {
        for headers in [[], [(name: "Host", value: "localhost"), ("host", "localhost")]] {
            let answer = await MCPServerCore.test().handle(
                MCPServerRequest(method: "GET", path: "/sse", headers: headers))
            #expect(answer.status == 421)
        }
    }

    @Test(arguments: ["", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "bearer S3CRET", "Basic s3cret", "s3cret"])
    func onlyTheTokenItselfOpens(authorization: String) async {
        let core = MCPServerCore.test(access: .init(bearerToken: "s3cret"))
        var headers = [(name: "Host", value: "localhost")]
        if !authorization.isEmpty { headers.append(("Authorization", authorization)) }
        let answer = await core.handle(MCPServerRequest(method: "GET", path: "/sse", headers: headers))
        #expect(answer.status == 401)
        #expect(answer.headers.contains { $0.name == "WWW-Authenticate" })
    }

    @Test func bodiesThatAreTooLargeOrNoJSONAreRefused() async {
        var limits = MCPServerLimits()
        limits.maximumBodyBytes = 100
        let core = MCPServerCore.test(limits: limits)
        #expect(await self.post(core, .string(String(repeating: "x", count: 100))).status == 413)
        let headers = [(name: "Host", value: "localhost"), ("Content-Type", "application/json"), ("Accept", "*/*")]
        let garbage = await core.handle(
            MCPServerRequest(method: "POST", path: "/mcp", headers: headers, body: Array("{".utf8)))
        #expect(garbage.status == 400)
        #expect(garbage.json["error"]?["code"] == -32700)
        let text = await core.handle(
            MCPServerRequest(
                method: "POST", path: "/mcp", headers: [("Host", "localhost"), ("Content-Type", "text/plain")]))
        #expect(text.status == 415)
    }

    @Test func anotherPathCanTakeTheSameRequests() async {
        var paths = MCPServerPaths()
        paths.streamable = ["/mcp", "/v2/tools"]
        let core = MCPServerCore(
            name: "t", version: "1", tools: TestTools().all, paths: paths, logger: quiet)
        let initialize: JSONValue = [
            "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": ["protocolVersion": "2025-11-25"],
        ]
        #expect(await self.post(core, initialize, path: "/v2/tools").status == 200)
        #expect(await self.post(core, initialize, path: "/v3/tools").status == 404)
    }

    @Test func theEventStreamNamesItsEndpointFirstAndUnknownSessionsAreNotFound() async throws {
        let core = MCPServerCore.test()
        let open = MCPServerRequest(method: "GET", path: "/sse", headers: [("Host", "localhost")])
        guard case .events(let stream) = await core.handle(open).body else {
            Issue.record("no stream")
            return
        }
        let first = Mutex("")
        let reading = Task {
            try await stream.write { bytes in first.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
        }
        #expect(await happens { first.withLock { $0.hasSuffix("\n\n") } })
        let text = first.withLock { $0 }
        #expect(text.hasPrefix("event: endpoint\ndata: /messages?session_id="))
        #expect(text.count == "event: endpoint\ndata: /messages?session_id=\n\n".count + 32)
        reading.cancel()
        try await reading.value
        #expect(core.openSessions == 0)
        let post = MCPServerRequest(
            method: "POST", path: "/messages", query: "session_id=\(text.suffix(34).prefix(32))",
            headers: [("Host", "localhost"), ("Content-Type", "application/json")])
        #expect(await core.handle(post).status == 404)
    }

    @Test func shuttingDownEndsTheStreams() async throws {
        let core = MCPServerCore.test()
        let open = MCPServerRequest(method: "GET", path: "/sse", headers: [("Host", "localhost")])
        guard case .events(let stream) = await core.handle(open).body else {
            Issue.record("no stream")
            return
        }
        let reading = Task { try await stream.write { _ in } }
        core.shutDown()
        try await reading.value
        #expect(await core.handle(open).status == 503)
    }
}

extension MCPServerResponse {
    var bytes: [UInt8] {
        if case .bytes(let bytes) = self.body { bytes } else { [] }
    }

    /// The body as JSON; `null` where it is none.
    var json: JSONValue { (try? JSONValue(parsing: self.bytes)) ?? .null }
}

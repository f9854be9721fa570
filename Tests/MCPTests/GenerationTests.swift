import MCP
import Synchronization
import Testing

/// Our client against our server, over real connections, in each generation.
@Suite struct GenerationTests {
    static let paths: [(MCPGeneration, String, MCPGeneration?)] = [
        (.stateless, "/mcp", nil), (.streamableHTTP, "/mcp", .streamableHTTP), (.httpSSE, "/sse", nil),
        (.httpSSE, "/sse", .httpSSE),
    ]

    @Test(arguments: paths)
    func everyGenerationListsAndCallsTools(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        try await LoopbackServer.with(.test()) { server in
            try await withClient(server.url + path, hint: hint) { client in
                let tools = try await client.listTools()
                #expect(client.serverGeneration == generation)
                #expect(Set(tools.map(\.name)).isSuperset(of: ["echo", "fail", "slow"]))
                let echo = try await client.callTool("echo", arguments: ["text": "Grüße\nعلم \u{1F600}"])
                #expect(echo.payload["text"] == "Grüße\nعلم \u{1F600}")
                let failed = try await client.callTool("fail")
                #expect(failed.isError)
                #expect(failed.structuredContent == ["error": "went_wrong"])
                let region = try await client.callTool("by_region", arguments: ["region": "süd "])
                #expect(region.payload["region"] == "süd ")
            }
        }
    }

    @Test(arguments: paths)
    func callsRunSideBySideAndEachGetsItsOwnAnswer(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        try await LoopbackServer.with(.test()) { server in
            try await withClient(server.url + path, hint: hint) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            let answer = try await client.callTool("echo", arguments: ["text": "\(number)"])
                            #expect(answer.payload["text"]?.stringValue == "\(number)")
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test(arguments: paths)
    func aDeadlineStopsTheCallOnTheServerToo(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        let tools = TestTools()
        let core = MCPServerCore.test(tools)
        try await LoopbackServer.with(core) { server in
            try await withClient(server.url + path, hint: hint) { client in
                _ = try await client.listTools()
                let error = await mcpError {
                    try await client.callTool("slow", arguments: ["seconds": 60], timeout: .milliseconds(200))
                }
                #expect(error?.code == .timeout)
                #expect(await happens { tools.counts.withLock { $0.cancelled } == 1 })
                #expect(await happens { core.runningCalls == 0 })
                // The connection is as good as before.
                let answerx = try await client.callTool("echo", arguments: ["text": "x"])
                #expect(answerx.payload["text"] == "x")
            }
        }
    }

    @Test(arguments: paths)
    func cancellingTheTaskStopsTheCallOnTheServerToo(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        let tools = TestTools()
        try await LoopbackServer.with(.test(tools)) { server in
            try await withClient(server.url + path, hint: hint) { client in
                let call = Task { try await client.callTool("slow", arguments: ["seconds": 60], timeout: .seconds(60)) }
                #expect(await happens { tools.counts.withLock { $0.started } == 1 })
                call.cancel()
                await #expect(throws: CancellationError.self) { try await call.value }
                #expect(await happens { tools.counts.withLock { $0.cancelled } == 1 })
            }
        }
    }

    @Test(arguments: paths)
    func unknownToolsAndBadArgumentsAreToldApart(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        try await LoopbackServer.with(.test()) { server in
            try await withClient(server.url + path, hint: hint) { client in
                let unknown = await mcpError { try await client.callTool("nothing") }
                #expect(unknown?.code == .unknownTool)
                let bad = try await client.callTool("echo", arguments: ["text": 1])
                #expect(bad.isError)
                #expect(bad.text.contains("/text must be of type string"))
            }
        }
    }

    @Test(arguments: paths)
    func aToolsInnerErrorIsNotTold(generation: MCPGeneration, path: String, hint: MCPGeneration?) async throws {
        try await LoopbackServer.with(.test()) { server in
            try await withClient(server.url + path, hint: hint) { client in
                let crash = try await client.callTool("crash")
                #expect(crash.isError)
                #expect(!crash.text.contains("hunter2"))
            }
        }
    }

    @Test(arguments: paths)
    func theRightTokenOpensAndAWrongOneDoesNot(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        try await LoopbackServer.with(.test(access: .init(bearerToken: "s3cret"))) { server in
            try await withClient(server.url + path, hint: hint, token: "s3cret") { client in
                let answerx = try await client.callTool("echo", arguments: ["text": "x"])
                #expect(answerx.payload["text"] == "x")
            }
            try await withClient(server.url + path, hint: hint, token: "wrong") { client in
                let error = await mcpError { try await client.callTool("echo", arguments: ["text": "x"]) }
                #expect(error?.code == .unauthorized)
                #expect("\(error as Any)".contains("wrong") == false)
            }
        }
    }

    @Test(arguments: paths)
    func listsOfSeveralPagesComeWhole(generation: MCPGeneration, path: String, hint: MCPGeneration?) async throws {
        var limits = MCPServerLimits()
        limits.toolsPerPage = 2
        try await LoopbackServer.with(.test(limits: limits)) { server in
            try await withClient(server.url + path, hint: hint) { client in
                let tools = try await client.listTools()
                #expect(tools.count == TestTools().all.count)
            }
        }
    }

    @Test(arguments: paths)
    func aServerThatComesLaterIsFoundAndOneThatComesBackIsUsedAgain(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        let core = MCPServerCore.test()
        try await LoopbackServer.with(core) { server in
            try await withClient(server.url + path, hint: hint) { client in
                let answer1 = try await client.callTool("echo", arguments: ["text": "1"])
                #expect(answer1.payload["text"] == "1")
                server.cutConnections()
                core.shutDown()
                server.stop()
                let error = await mcpError {
                    try await client.callTool("echo", arguments: ["text": "2"], timeout: .milliseconds(300))
                }
                #expect(error?.isTransient == true)
            }
        }
    }

    @Test func aLostSessionIsOpenedAnewAndTheCallGoesThrough() async throws {
        let clock = Mutex(Duration.zero)
        let tools = TestTools()
        let core = MCPServerCore.test(
            tools,
            time: MCPTime(
                now: { clock.withLock { $0 } }, sleep: { try await Task.sleep(for: $0, clock: .continuous) }))
        try await LoopbackServer.with(core) { server in
            try await withClient(server.url + "/mcp", hint: .streamableHTTP) { client in
                _ = try await client.callTool("echo", arguments: ["text": "1"])
                clock.withLock { $0 = .seconds(100_000) }
                let answer2 = try await client.callTool("echo", arguments: ["text": "2"])
                #expect(answer2.payload["text"] == "2")
                #expect(tools.counts.withLock { $0.calls } == 2)
            }
            #expect(await happens { core.openSessions == 0 })
        }
    }

    @Test func disconnectingEndsTheSession() async throws {
        let core = MCPServerCore.test()
        try await LoopbackServer.with(core) { server in
            for (path, hint) in [("/mcp", MCPGeneration.streamableHTTP), ("/sse", .httpSSE)] {
                try await withClient(server.url + path, hint: hint) { client in
                    _ = try await client.listTools()
                    #expect(core.openSessions == 1)
                }
                #expect(await happens { core.openSessions == 0 })
            }
        }
    }

    @Test func aCallOnALostEventStreamEndsWithAnUnknownOutcomeUnlessItMayRunTwice() async throws {
        let tools = TestTools()
        try await LoopbackServer.with(.test(tools)) { server in
            try await withClient(server.url + "/sse") { client in
                _ = try await client.listTools()
                let once = Task { await mcpError { try await client.callTool("slow", arguments: ["seconds": 60]) } }
                #expect(await happens { tools.counts.withLock { $0.started } == 1 })
                server.cutConnections()
                #expect(await once.value?.code == .unknownOutcome)

                let twice = Task {
                    try await client.callTool("slow", arguments: ["seconds": 0.5], isIdempotent: true).text
                }
                #expect(await happens { tools.counts.withLock { $0.started } == 2 })
                server.cutConnections()
                let text = try await twice.value
                #expect(text == "done")
                #expect(tools.counts.withLock { $0.started } == 3)
            }
        }
    }

    @Test func callsWaitForAServerThatIsNotThereYet() async throws {
        try await LoopbackServer.with(.test()) { probe in
            let port = probe.port
            probe.stop()
            try await withClient("http://127.0.0.1:\(port)/mcp") { client in
                let error = await mcpError { try await client.callTool("echo", timeout: .milliseconds(150)) }
                #expect(error?.code == .unreachable)
            }
        }
    }
}

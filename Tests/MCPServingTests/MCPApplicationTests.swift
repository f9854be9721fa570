import CurlHTTP
import Logging
import MCP
import ServiceLifecycle
import Testing

@testable import MCPServing

@Suite struct MCPApplicationTests {
    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Runs `body` against a server on a free port, then shuts it down gracefully and returns how long that took.
    @discardableResult
    private func withServer(
        limits: MCPServerLimits = .init(), access: MCPServerAccess = .init(), problems: [String] = [],
        _ body: @escaping @Sendable (_ url: String, _ core: MCPServerCore, _ http: HTTPClient) async throws -> Void
    ) async throws -> Duration {
        let echo = MCPToolDefinition(name: "echo", description: "Says it again.", inputSchema: ["type": "object"]) {
            arguments, _ in .structured(arguments)
        }
        let core = MCPServerCore(
            name: "test", version: "1", tools: [echo], limits: limits, access: access, logger: Self.quiet)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = MCPApplication(
            core: core, configuration: .init(host: "127.0.0.1", port: 0, bodyTimeout: .milliseconds(300)),
            logger: Self.quiet, findProblems: { problems }, onListening: { port.yield($0) })
        let group = ServiceGroup(services: [application], logger: Self.quiet)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            try await body("http://127.0.0.1:\(number)", core, HTTPClient())
            let beginning = ContinuousClock.now
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return .now - beginning
        }
    }

    @Test func healthIsToldApartFromReadiness() async throws {
        try await self.withServer(problems: ["The disk is full."]) { url, _, http in
            let live = try await http.execute(HTTPClientRequest(url: url + "/livez"))
            #expect(live.status == 200)
            let ready = try await http.execute(HTTPClientRequest(url: url + "/readyz"))
            #expect(ready.status == 503)
            #expect(ready.bodyText?.contains("The disk is full.") == true)
        }
    }

    @Test(arguments: [
        ("POST", "/sse", 405), ("DELETE", "/messages", 405), ("PUT", "/mcp", 405), ("GET", "/other", 404),
    ])
    func wrongMethodsAndPathsAreRefused(_ method: String, _ path: String, _ status: Int) async throws {
        try await self.withServer { url, _, http in
            let answer = try await http.execute(HTTPClientRequest(method: method, url: url + path))
            #expect(answer.status == status)
            #expect((answer.headers.first("Allow") != nil) == (status == 405))
        }
    }

    @Test func aBodyOverTheLimitIsRefusedWith413() async throws {
        var limits = MCPServerLimits()
        limits.maximumBodyBytes = 1000
        try await self.withServer(limits: limits) { url, _, http in
            let answer = try await http.execute(
                HTTPClientRequest(method: "POST", url: url + "/mcp", body: Array(repeating: 0x20, count: 1001)))
            #expect(answer.status == 413)
        }
    }

    @Test func aCredentialIsAskedForOnEveryEndpointButHealth() async throws {
        try await self.withServer(access: MCPServerAccess(bearerToken: "s3cret")) { url, _, http in
            let call = try await http.execute(HTTPClientRequest(method: "POST", url: url + "/mcp"))
            let stream = try await http.execute(HTTPClientRequest(url: url + "/sse"))
            let health = try await http.execute(HTTPClientRequest(url: url + "/livez"))
            #expect([call.status, stream.status, health.status] == [401, 401, 200])
        }
    }

    @Test func aClientThatLeavesEndsItsSession() async throws {
        try await self.withServer { url, core, http in
            for _ in 0..<3 {
                try await http.withStream(HTTPClientRequest(url: url + "/sse")) { stream in
                    var pieces = stream.chunks.makeAsyncIterator()
                    _ = try await pieces.next()
                    #expect(core.openSessions == 1)
                }
                let deadline = ContinuousClock.now + .seconds(5)
                while core.openSessions > 0, .now < deadline { try await Task.sleep(for: .milliseconds(5)) }
                #expect(core.openSessions == 0)
            }
        }
    }

    @Test func shutdownEndsOpenStreamsQuickly() async throws {
        let (opened, signal) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Bool>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (urls, url) = AsyncStream<String>.makeStream()
            group.addTask {
                let http = HTTPClient()
                for await address in urls {
                    try await http.withStream(HTTPClientRequest(url: address + "/sse")) { stream in
                        for try await _ in stream.chunks { signal.yield() }
                    }
                    end.yield(true)
                    return
                }
            }
            let duration = try await self.withServer { address, _, _ in
                url.yield(address)
                var iterator = opened.makeAsyncIterator()
                _ = await iterator.next()
            }
            #expect(duration < .seconds(2))
            var iterator = ended.makeAsyncIterator()
            #expect(await iterator.next() == true)
            try await group.waitForAll()
        }
    }

    @Test func ourOwnClientCallsATool() async throws {
        try await self.withServer { url, _, http in
            for path in ["/sse", "/mcp"] {
                let client = MCPClient(
                    configuration: MCPClientConfiguration(name: "test", url: url + path), http: http, logger: Self.quiet
                )
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await client.run() }
                    let result = try await client.callTool(
                        "echo", arguments: ["text": "سلام"], isIdempotent: true, timeout: .seconds(10))
                    #expect(result.payload == ["text": "سلام"])
                    group.cancelAll()
                }
            }
        }
    }
}

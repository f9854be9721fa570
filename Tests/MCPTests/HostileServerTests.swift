import CurlHTTP
import MCP
import ServerTesting
import Testing

/// Servers that break the rules cost a typed error and nothing more.
@Suite struct HostileServerTests {
    private static let server = Task { try await PythonServer.start("mcp_peers/hostile_server") }

    private static func url(_ path: String) async throws -> String {
        try await self.server.value.url + path
    }

    private static func state() async throws -> JSONValue {
        try JSONValue(parsing: try await HTTPClient().execute(.init(url: try await self.url("/state"))).body)
    }

    private func call(_ path: String, isIdempotent: Bool = false) async throws -> Result<MCPToolResult, MCPError> {
        try await withClient(
            try await Self.url(path), token: "s3cret",
            configure: {
                $0.maximumMessageBytes = 1 << 20
                $0.requestTimeout = .milliseconds(1500)
            },
            { client in
                do {
                    return .success(try await client.callTool("t", isIdempotent: isIdempotent))
                } catch let error as MCPError {
                    return .failure(error)
                }
            })
    }

    private func failure(_ path: String) async throws -> MCPError.Code? {
        guard case .failure(let error) = try await self.call(path) else { return nil }
        return error.code
    }

    @Test(arguments: ["foreign", "userinfo", "backslash"])
    func anEndpointOfAnotherOriginGetsNeitherAMessageNorOurToken(kind: String) async throws {
        #expect(try await self.failure("/sse/\(kind)") == .protocolViolation)
        #expect(try await Self.state()["stolen"] == [])
    }

    @Test(arguments: ["wrong_id", "garbage", "asks"])
    func strayMessagesOnTheEventStreamAreIgnored(kind: String) async throws {
        #expect(try await self.call("/sse/\(kind)").get().text == "right")
    }

    @Test func questionsOfTheServerAreAnswered() async throws {
        #expect(try await self.call("/sse/asks").get().text == "right")
    }

    @Test func anOversizeMessageEndsTheEventStream() async throws {
        #expect(try await self.failure("/sse/oversize") == .unknownOutcome)
    }

    @Test func anEventStreamThatBreaksMidCallLeavesAnUnknownOutcome() async throws {
        #expect(try await self.failure("/sse/drop") == .unknownOutcome)
    }

    @Test(arguments: ["/sse/never", "/post/never"])
    func aServerThatNeverAnswersCostsTheDeadline(path: String) async throws {
        #expect(try await self.failure(path) == .timeout)
    }

    @Test(arguments: ["/sse/silent", "/sse/html"])
    func aStreamWithoutAnEndpointIsNoConnection(path: String) async throws {
        #expect(try await self.failure(path) == .unreachable)
    }

    @Test(arguments: [
        ("oversize", MCPError.Code.tooLarge), ("garbage", .protocolViolation), ("deep", .protocolViolation),
        ("wrong_id", .protocolViolation), ("drop", .unknownOutcome), ("input_required", .toolFailed),
        ("overloaded", .overloaded), ("unauthorized", .unauthorized), ("old_modern", .unsupportedVersion),
        ("redirect", .unreachable), ("session_malformed", .unreachable),
    ])
    func aBadAnswerToAPostIsATypedError(kind: String, code: MCPError.Code) async throws {
        #expect(try await self.failure("/post/\(kind)") == code)
        #expect(try await Self.state()["stolen"] == [])
    }

    @Test func aToolListWithoutEndIsCutOff() async throws {
        try await withClient(try await Self.url("/post/endless")) { client in
            let error = await mcpError { try await client.listTools() }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test func aForgottenSessionIsOpenedAgain() async throws {
        let text = try await self.call("/post/session_forgetful").get().text
        #expect(text.hasPrefix("right in s"))
    }

    @Test func aServerThatOffersOnlyOlderRevisionsIsTakenAtItsWord() async throws {
        let text = try await self.call("/post/dual").get().text
        #expect(text.hasPrefix("right in s"))
    }

    @Test func argumentsMarkedForHeadersAreSentAsHeadersAndBadMarksAreRefused() async throws {
        try await withClient(try await Self.url("/post/headers")) { client in
            let tools = try await client.listTools()
            #expect(tools.map(\.name) == ["good"])
            _ = try await client.callTool("good", arguments: ["region": "Zürich", "n": 42, "x": 1])
            let bad = await mcpError { try await client.callTool("bad") }
            #expect(bad?.code == .unknownTool)
        }
        let posts = try await Self.state()["posts"]?.arrayValue ?? []
        let call = try #require(posts.last { $0["kind"] == "headers" && $0["method"] == "tools/call" })
        #expect(call["headers"]?["mcp-param-region"] == "=?base64?WsO8cmljaA==?=")
        #expect(call["headers"]?["mcp-param-n"] == "42")
        #expect(call["headers"]?["mcp-name"] == "good")
    }

    @Test func aDeadStreamIsNoticedByItsSilence() async throws {
        try await withClient(
            try await Self.url("/sse/deaf"),
            configure: {
                $0.pingInterval = .milliseconds(50)
                $0.connectTimeout = .seconds(1)
            },
            { client in
                _ = try await client.callTool("t", isIdempotent: true)
                #expect(await happens { client.serverGeneration == nil })
            })
    }
}

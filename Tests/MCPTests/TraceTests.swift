import MCP
import Testing
import TraceContext

@Suite struct TraceTests {
    private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private static var core: MCPServerCore {
        let tool = MCPToolDefinition(name: "where", description: "Tells its trace", inputSchema: ["type": "object"]) {
            _, _ in
            let span = SpanContext.current
            return .structured([
                "trace": .string(span?.traceID.description ?? ""), "span": .string(span?.spanID.description ?? ""),
                "state": .string(span?.state?.text ?? ""),
            ])
        }
        return MCPServerCore(
            name: "test", version: "1", instructions: "For tests", tools: [tool], limits: .init(), access: .init(),
            logger: quiet, time: .continuous)
    }

    @Test(arguments: GenerationTests.paths)
    func aCallCarriesItsTraceInItsMessage(
        generation: MCPGeneration, path: String, hint: MCPGeneration?
    ) async throws {
        let span = try #require(SpanContext(traceparent: Self.parent, state: ["vendor=1"]))
        try await LoopbackServer.with(Self.core) { server in
            try await withClient(server.url + path, hint: hint) { client in
                let answer = try await SpanContext.$current.withValue(span) { try await client.callTool("where") }
                #expect(client.serverGeneration == generation)
                #expect(answer.payload["trace"]?.stringValue == span.traceID.description)
                #expect(answer.payload["span"]?.stringValue != span.spanID.description)
                #expect(answer.payload["state"] == "vendor=1")
                let untraced = try await client.callTool("where")
                #expect(untraced.payload["trace"] == "")
            }
        }
    }
}

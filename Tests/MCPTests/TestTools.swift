import CurlHTTP
import Logging
import MCP
import ServerTesting
import Synchronization

/// Tools for tests, and what happened to them.
final class TestTools: Sendable {
    struct Counts: Sendable, Hashable {
        var started = 0
        var cancelled = 0
        var calls = 0
    }

    let counts = Mutex(Counts())

    var all: [MCPToolDefinition] {
        let text: JSONValue = [
            "type": "object", "properties": ["text": ["type": "string", "maxLength": 100_000]], "required": ["text"],
            "additionalProperties": false,
        ]
        return [
            MCPToolDefinition(name: "echo", description: "Gives the text back", inputSchema: text) { arguments, _ in
                self.counts.withLock { $0.calls += 1 }
                return .structured(["text": arguments["text"] ?? .null])
            },
            MCPToolDefinition(name: "fail", description: "Fails", inputSchema: ["type": "object"]) { _, _ in
                throw MCPToolFailure("It went wrong", structured: ["error": "went_wrong"])
            },
            MCPToolDefinition(name: "crash", description: "Fails inside", inputSchema: ["type": "object"]) { _, _ in
                throw Secret()
            },
            MCPToolDefinition(
                name: "slow", description: "Answers late",
                inputSchema: ["type": "object", "properties": ["seconds": ["type": "number"]], "required": ["seconds"]]
            ) { arguments, _ in
                self.counts.withLock { $0.started += 1 }
                do {
                    try await Task.sleep(for: .seconds(arguments["seconds"]?.doubleValue ?? 0))
                } catch {
                    self.counts.withLock { $0.cancelled += 1 }
                    throw error
                }
                return .text("done")
            },
            MCPToolDefinition(
                name: "with_progress", description: "Reports progress",
                inputSchema: ["type": "object", "properties": ["steps": ["type": "integer", "maximum": 100]]]
            ) { arguments, context in
                let steps = arguments["steps"]?.intValue ?? 0
                for step in 0..<steps {
                    context.reportProgress(Double(step + 1), total: Double(steps), message: "step \(step + 1)")
                }
                return .text("finished")
            },
            MCPToolDefinition(name: "statistics", description: "What happened", inputSchema: ["type": "object"]) {
                _, _ in
                let counts = self.counts.withLock { $0 }
                return .structured([
                    "cancelled": .integer(Int64(counts.cancelled)), "calls": .integer(Int64(counts.calls)),
                ])
            },
            MCPToolDefinition(
                name: "by_region", description: "Has a header",
                inputSchema: [
                    "type": "object", "properties": ["region": ["type": "string", "x-mcp-header": "Region"]],
                ]
            ) { arguments, _ in .structured(["region": arguments["region"] ?? .null]) },
        ]
    }

    /// An error whose text must never reach a client.
    struct Secret: Error, CustomStringConvertible {
        var description: String { "password=hunter2" }
    }
}

/// A logger that keeps quiet.
let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

extension MCPServerCore {
    /// A server with the test tools.
    static func test(
        _ tools: TestTools = TestTools(), limits: MCPServerLimits = .init(), access: MCPServerAccess = .init(),
        time: MCPTime = .continuous
    ) -> MCPServerCore {
        MCPServerCore(
            name: "test", version: "1", instructions: "For tests", tools: tools.all, limits: limits, access: access,
            logger: quiet, time: time)
    }
}

/// Runs `body` with a connected client.
func withClient<T: Sendable>(
    _ url: String, hint: MCPGeneration? = nil, token: String? = nil,
    configure: (inout MCPClientConfiguration) -> Void = { _ in },
    _ body: @Sendable (MCPClient) async throws -> T
) async throws -> T {
    var configuration = MCPClientConfiguration(name: "test", url: url, bearerToken: token, protocolHint: hint)
    configuration.reconnectDelay = .milliseconds(20)...Duration.milliseconds(200)
    configuration.requestTimeout = .seconds(10)
    configure(&configuration)
    return try await MCPClient.withClient(configuration: configuration, http: HTTPClient(), logger: quiet, body)
}

/// The ``MCPError`` that `body` throws; `nil` where it throws none or another.
func mcpError<T>(_ body: () async throws -> T) async -> MCPError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? MCPError
    }
}

/// Whether `condition` holds within five seconds.
func happens(_ condition: () -> Bool) async -> Bool {
    (try? await eventually { condition() }) ?? false
}

import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
public import MCP
import NIOCore
public import ServiceLifecycle

/// Serves an MCP server core over HTTP/1.1, with `/livez` and `/readyz` beside its endpoints.
///
/// On graceful shutdown it takes no more connections, ends the open event streams and lets running requests finish.
public struct MCPApplication: Service {
    /// Where and within which bounds to serve.
    public struct Configuration: Hashable, Sendable {
        /// The address to listen on.
        public var host: String
        /// The port to listen on; 0 takes a free one.
        public var port: Int
        /// How long a connection may be silent between requests or in the middle of one.
        public var idleTimeout: Duration
        /// How long a client may take to send a request's body.
        public var bodyTimeout: Duration
        /// How long a client may leave an event stream unread.
        public var writeTimeout: Duration
        /// Connections open at once. More wait until one is closed.
        public var maximumConnections: Int

        public init(
            host: String, port: Int, idleTimeout: Duration = .seconds(120), bodyTimeout: Duration = .seconds(60),
            writeTimeout: Duration = .seconds(60), maximumConnections: Int = 1024
        ) {
            self.host = host
            self.port = port
            self.idleTimeout = idleTimeout
            self.bodyTimeout = bodyTimeout
            self.writeTimeout = writeTimeout
            self.maximumConnections = maximumConnections
        }
    }

    private let core: MCPServerCore
    private let configuration: Configuration
    private let findProblems: @Sendable () async -> [String]
    private let onListening: @Sendable (Int) async -> Void
    private let logger: Logger

    /// `findProblems` tells why the server is not ready, in words without secrets; `onListening` learns the port.
    public init(
        core: MCPServerCore, configuration: Configuration, logger: Logger,
        findProblems: @escaping @Sendable () async -> [String] = { [] },
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.core = core
        self.configuration = configuration
        self.findProblems = findProblems
        self.onListening = onListening
        self.logger = logger
    }

    /// Serves until the surrounding service group shuts down. Throws where the address cannot be bound.
    public func run() async throws {
        let idle = self.configuration.idleTimeout
        let onListening = self.onListening
        let application = Application(
            router: self.router(),
            server: .http1(configuration: .init(idleTimeout: .seconds(idle.components.seconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(self.configuration.host, port: self.configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    self.configuration.maximumConnections, logger: self.logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: self.logger)
        try await withGracefulShutdownHandler {
            try await application.run()
        } onGracefulShutdown: {
            self.core.shutDown()
        }
    }

    private func router() -> Router<MCPRequestContext> {
        let router = Router(context: MCPRequestContext.self)
        let findProblems = self.findProblems
        router.get("livez") { _, _ in Self.status(.ok, []) }
        router.get("readyz") { _, _ in
            let problems = await findProblems()
            return Self.status(problems.isEmpty ? .ok : .serviceUnavailable, problems)
        }
        addMCPRoutes(
            self.core, to: router, bodyTimeout: self.configuration.bodyTimeout,
            writeTimeout: self.configuration.writeTimeout)
        return router
    }

    private static func status(_ status: HTTPResponse.Status, _ problems: [String]) -> Response {
        var body: [String: JSONValue] = ["status": status == .ok ? "ok" : "unavailable"]
        if !problems.isEmpty { body["problems"] = .array(problems.map { .string($0) }) }
        return Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSONValue.object(body).serialized())))
    }
}

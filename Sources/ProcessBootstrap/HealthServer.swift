public import Hummingbird
public import Logging
public import ServiceLifecycle

/// What a process says of itself to those who watch it.
public struct ProcessHealth: Sendable {
    /// `nil` when the process can do its work, otherwise what keeps it from it.
    public var obstacle: @Sendable () async -> String?
    public var registry: PrometheusRegistry

    public init(registry: PrometheusRegistry, obstacle: @escaping @Sendable () async -> String?) {
        self.registry = registry
        self.obstacle = obstacle
    }

    /// Adds `/livez`, `/readyz`, `/startupz`, their aliases, and `/metrics`.
    ///
    /// `/livez` asks nobody else: a database that is away is no reason to restart this process.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        router.get("livez") { _, _ in Self.text(.ok, "ok\n") }
        for path in ["readyz", "startupz", "healthz", "health"] {
            router.get(RouterPath(path)) { _, _ in
                if let obstacle = await self.obstacle() {
                    Self.text(.serviceUnavailable, obstacle + "\n")
                } else {
                    Self.text(.ok, "ok\n")
                }
            }
        }
        router.get("metrics") { _, _ in
            Self.text(.ok, self.registry.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    private static func text(
        _ status: HTTPResponse.Status, _ body: String, type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }

    /// A server for a process that has no other.
    public func server(host: String, port: Int, logger: Logger) -> some Service {
        let router = Router()
        self.addRoutes(to: router)
        var quiet = logger
        quiet.logLevel = .warning
        return Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "lectern"),
            logger: quiet)
    }
}

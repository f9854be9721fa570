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

    /// The addresses at which it is asked.
    public static let paths = ["/livez", "/readyz", "/startupz", "/healthz", "/health", "/metrics"]

    /// Adds `/livez`, `/readyz`, `/startupz`, their aliases, and `/metrics`.
    ///
    /// `/livez` asks nobody else: a database that is away is no reason to restart this process.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        for path in Self.paths { self.add(path, to: router) }
    }

    private func answer(at path: String) async -> Response {
        switch path {
        case "/livez": return Self.text(.ok, "ok\n")
        case "/metrics":
            return Self.text(.ok, self.registry.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
        default:
            guard let obstacle = await self.obstacle() else { return Self.text(.ok, "ok\n") }
            return Self.text(.serviceUnavailable, obstacle + "\n")
        }
    }

    private static let otherMethods: [HTTPRequest.Method] =
        [.post, .put, .patch, .delete, .options, .trace] + [HTTPRequest.Method("QUERY")].compactMap(\.self)

    private func add(_ path: String, to router: some RouterMethods<some RequestContext>) {
        router.get(RouterPath(path)) { _, _ in await self.answer(at: path) }
        router.head(RouterPath(path)) { _, _ in await self.answer(at: path).createHeadResponse() }
        for method in Self.otherMethods {
            router.on(RouterPath(path), method: method) { _, _ -> Response in
                throw HTTPError(.methodNotAllowed, headers: [.allow: "GET, HEAD"], message: "This address is read.")
            }
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

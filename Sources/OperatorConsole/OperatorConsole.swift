import Foundation
import HTTPTypes
public import Hummingbird
public import JobQueuePostgres
import Mustache
import Operators

/// The page for operators: queues, workers and dead letters, as they are now.
public struct OperatorConsole: Sendable {
    private let store: QueueOverviewStore
    private let access: OperatorAccess
    private let template: MustacheTemplate
    private let stylesheet: ByteBuffer
    private let script: ByteBuffer

    /// Reads the template of the installation.
    /// - Throws: ``ConsoleError``.
    public init(store: QueueOverviewStore, access: OperatorAccess) throws {
        self.store = store
        self.access = access
        do {
            self.template = try MustacheTemplate(
                string: String(decoding: Self.file("Templates/overview.mustache"), as: UTF8.self))
            self.stylesheet = ByteBuffer(bytes: try Self.file("Assets/console.css"))
            self.script = ByteBuffer(bytes: try Self.file("Assets/console.js"))
        } catch {
            throw ConsoleError(description: "the console's files cannot be used: \(error)")
        }
    }

    private static func file(_ path: String) throws -> Data {
        try Data(contentsOf: Bundle.module.bundleURL.appendingPathComponent(path))
    }

    /// Adds `/ops`, its stylesheet and its script.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        self.add("ops", to: router) { try await self.overview() }
        self.add("ops/console.css", to: router) { Self.asset(self.stylesheet, type: "text/css; charset=utf-8") }
        self.add("ops/console.js", to: router) { Self.asset(self.script, type: "text/javascript; charset=utf-8") }
    }

    private static func asset(_ body: ByteBuffer, type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "private, max-age=300"],
            body: ResponseBody(byteBuffer: body))
    }

    private func add(
        _ path: RouterPath, to router: some RouterMethods<some RequestContext>,
        _ page: @escaping @Sendable () async throws -> Response
    ) {
        router.get(path) { request, _ in
            _ = try await self.access.require(anyOf: [.read], request)
            return try await page()
        }
        router.head(path) { request, _ in
            _ = try await self.access.require(anyOf: [.read], request)
            return try await page().createHeadResponse()
        }
        for method in HTTPRequest.Method.known where method != .get && method != .head {
            router.on(path, method: method) { request, _ -> Response in
                _ = try await self.access.require(anyOf: [.read], request)
                throw HTTPError(.methodNotAllowed, headers: [.allow: "GET, HEAD"], message: "This is a page to read.")
            }
        }
    }

    private func overview() async throws -> Response {
        let page = OverviewPage(try await self.store.overview())
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy: Self.policy,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: self.template.render(page))))
    }

    /// Own files only, nothing inline, nobody's frame.
    private static let policy = """
        default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'
        """
}

/// Why the console cannot be served.
public struct ConsoleError: Error, Sendable, CustomStringConvertible {
    public let description: String
}

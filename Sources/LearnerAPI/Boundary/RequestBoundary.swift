import HTTPTypes
public import Hummingbird
import Logging
import TraceContext

/// The outermost middleware of the API process. It names every request, makes it a step of its caller's trace, bounds their number and the length of their
/// addresses, answers every error as `application/problem+json`, adds the security headers and writes the access log.
///
/// Add it to the router before anything else.
public struct RequestBoundary<Context: RequestContext>: RouterMiddleware {
    /// Paths that watchers ask for all day: neither logged nor counted.
    static var probes: Set<String> { ["/livez", "/readyz", "/startupz", "/healthz", "/health", "/metrics"] }

    /// A page for people instead of a problem for programs; `nil` where the caller is no browser.
    public typealias ErrorPage =
        @Sendable (
            _ request: Request, _ status: HTTPResponse.Status, _ title: String, _ detail: String
        ) -> Response?

    private let maximumAddressBytes: Int
    private let errorPage: ErrorPage?
    private let crossOrigin: CrossOrigin
    private let isLeaving: @Sendable () -> Bool
    private let makeRequestID: @Sendable () -> String
    private let count: RequestCount

    /// - Parameters:
    ///   - maximumRequests: under way at the same time; more are answered 503.
    ///   - maximumAddressBytes: of path and query; longer ones are answered 414.
    ///   - errorPage: shows errors outside of `/api` to people.
    ///   - crossOrigin: whose pages may call the API.
    ///   - isLeaving: whether the process is about to stop: then every answer asks for the end of its connection.
    public init(
        maximumRequests: Int = 2_048, maximumAddressBytes: Int = 8_192, errorPage: ErrorPage? = nil,
        crossOrigin: CrossOrigin = .closed, isLeaving: @escaping @Sendable () -> Bool = { false }
    ) {
        self.init(
            maximumRequests: maximumRequests, maximumAddressBytes: maximumAddressBytes, errorPage: errorPage,
            crossOrigin: crossOrigin, isLeaving: isLeaving
        ) { RequestName.random() }
    }

    /// - Parameter makeRequestID: makes the id of a request that brings none.
    package init(
        maximumRequests: Int, maximumAddressBytes: Int, errorPage: ErrorPage?, crossOrigin: CrossOrigin = .closed,
        isLeaving: @escaping @Sendable () -> Bool = { false }, makeRequestID: @escaping @Sendable () -> String
    ) {
        self.errorPage = errorPage
        self.crossOrigin = crossOrigin
        self.isLeaving = isLeaving
        self.maximumAddressBytes = maximumAddressBytes
        self.makeRequestID = makeRequestID
        self.count = RequestCount(maximum: maximumRequests)
    }

    /// Answers a request, whatever happens behind this boundary.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let started = ContinuousClock.now
        let isProbe = Self.probes.contains(request.uri.path)
        let id = request.headers[.requestID].flatMap(RequestName.init)?.text ?? self.makeRequestID()
        var context = context
        context.logger[metadataKey: "request_id"] = "\(id)"
        let span = SpanContext(request)
        context.logger[metadataKey: "trace_id"] = "\(span.traceID)"

        var response: Response
        do {
            response = try await SpanContext.$current.withValue(span) {
                try await self.answer(request, context: context, isProbe: isProbe, next: next)
            }
        } catch {
            let problem = Problem(describing: error)
            if let cause = problem.cause { Self.log(problem, cause: cause, logger: context.logger) }
            response = self.page(problem, for: request) ?? problem.response(to: request, requestID: id)
        }
        response.headers[.requestID] = id
        response.headers[.traceparent] = span.traceparent
        if self.isLeaving() { response.headers[.connection] = "close" }
        response.headers.addSecurity()
        self.crossOrigin.mark(&response, to: request)
        if !isProbe {
            context.logger.info(
                "request",
                metadata: [
                    "method": "\(request.method.rawValue.prefix(16))", "route": "\(context.endpointPath ?? "none")",
                    "status": "\(response.status.code)",
                    "duration_ms": "\(started.duration(to: .now).milliseconds)",
                ])
        }
        return response
    }

    private func answer(
        _ request: Request, context: Context, isProbe: Bool, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard !isProbe else { return try await next(request, context) }
        guard request.uri.string.utf8.count <= self.maximumAddressBytes else {
            throw Problem(.addressTooLong, "An address has at most \(self.maximumAddressBytes) bytes.")
        }
        guard self.count.enter() else {
            throw Problem(.overloaded, "The process answers as many requests as it can.", retryAfter: 1)
        }
        defer { self.count.leave() }
        return try await next(request, context)
    }

    private func page(_ problem: Problem, for request: Request) -> Response? {
        guard let errorPage, request.uri.path != "/api", !request.uri.path.hasPrefix("/api/") else { return nil }
        let status = problem.status
        guard var page = errorPage(request, status, problem.type.title, problem.detail) else { return nil }
        page.headers.append(contentsOf: problem.headers)
        return page
    }

    /// Outages are warnings, since others report them too; what nobody foresaw is an error.
    private static func log(_ problem: Problem, cause: any Error, logger: Logger) {
        guard problem.status.kind == .serverError else { return }
        logger.log(
            level: problem.status == .serviceUnavailable ? .warning : .error, "request failed",
            metadata: ["error": "\(problem.type.rawValue)", "cause": "\(cause)"])
    }
}

extension SpanContext {
    /// The step that answers a request: of the trace that its headers name, or of a new one.
    fileprivate init(_ request: Request) {
        var generator = SystemRandomNumberGenerator()
        let caller = request.headers[.traceparent].flatMap {
            SpanContext(traceparent: $0, state: request.headers[values: .tracestate])
        }
        self = caller?.child(using: &generator) ?? .root(using: &generator)
    }
}

/// The name of one request, in the log and in problems.
struct RequestName {
    let text: String

    /// Accepts what a proxy or a caller sent, as long as it cannot garble a log line.
    init?(_ header: String) {
        guard (1...128).contains(header.utf8.count), header.utf8.allSatisfy(Self.isPlain) else { return nil }
        self.text = header
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    /// 32 hexadecimal digits.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return TraceID.random(using: &generator).description
    }
}

extension HTTPFields {
    /// What a browser must not do with an answer of ours; a page's own policy stays.
    fileprivate mutating func addSecurity() {
        self[.xContentTypeOptions] = "nosniff"
        if !self.contains(.contentSecurityPolicy) {
            self[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        if !self.contains(.referrerPolicy) { self[.referrerPolicy] = "no-referrer" }
        self[.crossOriginResourcePolicy] = "same-origin"
        self[.crossOriginOpenerPolicy] = "same-origin"
        if !self.contains(.cacheControl) { self[.cacheControl] = "no-store" }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        self.components.seconds * 1_000 + self.components.attoseconds / 1_000_000_000_000_000
    }
}

import FoundationEssentials
import HTTPTypes
public import Hummingbird
public import JobQueuePostgres
import Logging
public import Operators
public import TextbookSync

/// What operators and CI can do over HTTP, under `/api/ops/v1`.
public struct OperatorAPI: Sendable {
    let access: OperatorAccess
    let audit: AuditTrail
    let parts: Parts

    /// What the routes read and steer.
    public struct Parts: Sendable {
        public var resyncs: ResyncService
        public var uploads: BookUploads
        public var releases: ReleaseDirectory
        public var scales: QueueScales
        public var overview: QueueOverviewStore
        public var jobs: JobList
        public var inspector: JobInspector
        public var workers: WorkerControl
        public var budgets: JobBudgets
        public var actions: OperatorActions

        public init(
            resyncs: ResyncService, uploads: BookUploads, releases: ReleaseDirectory, scales: QueueScales,
            overview: QueueOverviewStore, jobs: JobList, inspector: JobInspector, workers: WorkerControl,
            budgets: JobBudgets, actions: OperatorActions
        ) {
            self.resyncs = resyncs
            self.uploads = uploads
            self.releases = releases
            self.scales = scales
            self.overview = overview
            self.jobs = jobs
            self.inspector = inspector
            self.workers = workers
            self.budgets = budgets
            self.actions = actions
        }
    }

    /// The routes over what stands behind them.
    public init(access: OperatorAccess, audit: AuditTrail, parts: Parts) {
        self.access = access
        self.audit = audit
        self.parts = parts
    }

    /// Adds the routes.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        for (path, handlers) in self.routes { self.add(to: router, RouterPath(path), handlers) }
    }

    /// Every operation as the API's description names it: `GET /api/ops/v1/resyncs`.
    package var operations: [String] {
        self.routes.flatMap { path, handlers in handlers.keys.map { "\($0.rawValue) \(path)" } }
    }

    private var routes: [(path: String, handlers: [HTTPRequest.Method: OperatorHandler])] {
        self.resyncRoutes + self.releaseRoutes + self.fleetRoutes + self.queueRoutes + self.jobRoutes + self.auditRoutes
    }

    private func add(
        to router: some RouterMethods<some RequestContext>, _ path: RouterPath,
        _ handlers: [HTTPRequest.Method: OperatorHandler]
    ) {
        let methods = Set(handlers.keys).union(handlers[.get] == nil ? [.options] : [.options, .head])
        let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
        for method in HTTPRequest.Method.known {
            let handler = handlers[method] ?? (method == .head ? handlers[.get] : nil)
            router.on(path, method: method) { request, context -> Response in
                let who = try await self.access.require(anyOf: handler?.permissions ?? [.read, .resync], request)
                if method == .options { return Response(status: .noContent, headers: [.allow: allowed]) }
                guard let handler else {
                    throw HTTPError(
                        .methodNotAllowed, headers: [.allow: allowed], message: "This address answers \(allowed).")
                }
                let response = try await handler.body(
                    OperatorCall(
                        request: request, parameters: context.parameters, who: who,
                        requestID: context.logger[metadataKey: "request_id"].map { "\($0)" }))
                return method == .head ? response.createHeadResponse() : response
            }
        }
    }

    /// Writes an act of a caller down, before it is done and after.
    func recording<T: Sendable>(
        _ act: OperatorAct, _ call: OperatorCall, detail: (T) -> String? = { _ in nil },
        _ body: () async throws -> T
    ) async throws -> T {
        try await self.audit.recording(act, by: call.who, requestID: call.requestID, detail: detail, body)
    }

    static func answer(
        _ value: some Encodable, _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: Array(try encoder.encode(value)))))
    }
}

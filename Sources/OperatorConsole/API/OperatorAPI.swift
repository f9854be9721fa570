import FoundationEssentials
import HTTPTypes
public import Hummingbird
import JobQueue
import PipelineJobs
public import TextbookSync

/// What operators and CI can do over HTTP, under `/api/ops/v1`.
public struct OperatorAPI: Sendable {
    private let access: OperatorAccess
    private let resyncs: ResyncService
    private let uploads: BookUploads
    private let releases: ReleaseDirectory

    public init(access: OperatorAccess, resyncs: ResyncService, uploads: BookUploads, releases: ReleaseDirectory) {
        self.access = access
        self.resyncs = resyncs
        self.uploads = uploads
        self.releases = releases
    }

    /// Adds the routes.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        for (path, handlers) in self.routes { self.add(to: router, RouterPath(path), handlers) }
    }

    /// Every operation as the API's description names it: `GET /api/ops/v1/resyncs`.
    package var operations: [String] {
        self.routes.flatMap { path, handlers in handlers.keys.map { "\($0.rawValue) \(path)" } }
    }

    private var routes: [(path: String, handlers: [HTTPRequest.Method: Handler])] {
        [
            ("/api/ops/v1/resyncs", [.post: self.start, .get: self.list]),
            ("/api/ops/v1/resyncs/{id}", [.get: self.status]),
            ("/api/ops/v1/releases", [.get: self.listReleases]),
            ("/api/ops/v1/releases/{id}", [.get: self.showRelease]),
            ("/api/ops/v1/releases/{id}/rollback", [.post: self.rollBack]),
        ]
    }

    private typealias Handler = @Sendable (Request, Parameters) async throws -> Response

    private func add(
        to router: some RouterMethods<some RequestContext>, _ path: RouterPath,
        _ handlers: [HTTPRequest.Method: Handler]
    ) {
        let methods = Set(handlers.keys).union(handlers[.get] == nil ? [.options] : [.options, .head])
        let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
        for method in HTTPRequest.Method.known {
            router.on(path, method: method) { request, context -> Response in
                try self.access.require(request)
                if method == .options { return Response(status: .noContent, headers: [.allow: allowed]) }
                let handler = handlers[method] ?? (method == .head ? handlers[.get] : nil)
                guard let handler else {
                    throw HTTPError(
                        .methodNotAllowed, headers: [.allow: allowed], message: "This address answers \(allowed).")
                }
                let response = try await handler(request, context.parameters)
                return method == .head ? response.createHeadResponse() : response
            }
        }
    }

    // Resyncs

    private func start(_ request: Request, _: Parameters) async throws -> Response {
        let type = request.headers[.contentType].map { $0.lowercased().prefix { $0 != ";" } } ?? ""
        // The query belongs to an archive, but nobody may think that a malformed one was heeded.
        var wish = try Self.wish(request.uri.queryParameters)
        switch type {
        case "application/x-tar":
            let receipt: BookUploads.Receipt
            do {
                receipt = try await self.uploads.receive(tar: request.body.map { Array(buffer: $0) })
            } catch let error as UploadError {
                throw HTTPError(
                    error.code == .tooLarge ? .contentTooLarge : .unprocessableContent, message: error.message)
            }
            wish.upload = receipt.id
            wish.manifest = receipt.manifest
        case "application/json":
            wish = try await Self.wish(request)
        default:
            throw HTTPError(
                .unsupportedMediaType,
                message: "Send the book's folder as application/x-tar, or application/json that names one.")
        }
        let (id, isKnown) = try await self.resyncs.start(wish, actor: "api")
        if isKnown, let upload = wish.upload { try await self.uploads.forget(upload) }
        guard let status = try await self.resyncs.status(of: id) else { throw HTTPError(.internalServerError) }
        return try Self.answer(
            status, isKnown ? .ok : .accepted, headers: [.location: "/api/ops/v1/resyncs/\(id)"])
    }

    /// A folder that the sync worker can read.
    private struct Order: Decodable {
        var path: String
        var commit: String?
        var committed_at: Int64?
        var max_delete: Int?
        var approve: String?
        var plan: Bool?
        var allow_older: Bool?
    }

    private static func wish(_ request: Request) async throws -> SyncBook {
        let bytes = Array(buffer: try await request.body.collect(upTo: 64 * 1024))
        let order: Order
        do {
            order = try JSONDecoder().decode(Order.self, from: Data(bytes))
        } catch {
            throw HTTPError(.badRequest, message: "The body is no JSON object with the member path.")
        }
        guard order.path.hasPrefix("/"), !order.path.utf8.contains(0), order.path.utf8.count <= 4_096 else {
            throw HTTPError(.unprocessableContent, message: "The path is no absolute path.")
        }
        var wish = SyncBook(path: order.path, revision: order.commit)
        wish.committedAt = order.committed_at
        wish.maximumDeletes = order.max_delete
        wish.approvedPlan = order.approve
        wish.onlyPlan = order.plan
        wish.allowsOlder = order.allow_older
        try Self.check(wish)
        return wish
    }

    private static func wish(_ query: Parameters) throws -> SyncBook {
        var wish = SyncBook(revision: query["commit"].map(String.init))
        wish.committedAt = try self.number(query, "committed_at")
        wish.maximumDeletes = try self.number(query, "max_delete").map(Int.init)
        wish.approvedPlan = query["approve"].map(String.init)
        wish.onlyPlan = try self.flag(query, "plan")
        wish.allowsOlder = try self.flag(query, "allow_older")
        try self.check(wish)
        return wish
    }

    private static func check(_ wish: SyncBook) throws {
        guard (wish.revision ?? "").utf8.count <= 200, !(wish.revision ?? "").utf8.contains(0) else {
            throw HTTPError(.unprocessableContent, message: "The commit has at most 200 bytes.")
        }
        guard (wish.maximumDeletes ?? 0) >= 0 else {
            throw HTTPError(.unprocessableContent, message: "max_delete is a number from 0.")
        }
        guard (wish.approvedPlan ?? "").utf8.count <= 64, (wish.approvedPlan ?? "").allSatisfy(\.isHexDigit) else {
            throw HTTPError(.unprocessableContent, message: "approve is the plan_hash of a plan.")
        }
    }

    private static func number(_ query: Parameters, _ name: Substring) throws -> Int64? {
        guard let text = query[name] else { return nil }
        guard let number = Int64(text) else {
            throw HTTPError(.unprocessableContent, message: "\(name) is a whole number.")
        }
        return number
    }

    private static func flag(_ query: Parameters, _ name: Substring) throws -> Bool? {
        switch query[name] {
        case nil: return nil
        case "true", "1", "": return true
        case "false", "0": return false
        default: throw HTTPError(.unprocessableContent, message: "\(name) is true or false.")
        }
    }

    private func list(_: Request, _: Parameters) async throws -> Response {
        try Self.answer(["resyncs": try await self.resyncs.latest()])
    }

    private func status(_: Request, _ parameters: Parameters) async throws -> Response {
        guard let id = parameters.get("id").flatMap(Int64.init),
            let status = try await self.resyncs.status(of: JobID(rawValue: id))
        else { throw HTTPError(.notFound, message: "There is no such resync.") }
        return try Self.answer(status, headers: status.done ? [:] : [.retryAfter: "1"])
    }

    // Releases

    private func listReleases(_: Request, _: Parameters) async throws -> Response {
        try Self.answer(["releases": try await self.releases.list()])
    }

    private func showRelease(_: Request, _ parameters: Parameters) async throws -> Response {
        try Self.answer(try await self.release(parameters) { try await self.releases.show($0) })
    }

    private func rollBack(_: Request, _ parameters: Parameters) async throws -> Response {
        try Self.answer(try await self.release(parameters) { try await self.releases.rollBack(to: $0) })
    }

    private func release(
        _ parameters: Parameters, _ body: (Int64) async throws -> ReleaseSummary
    ) async throws -> ReleaseSummary {
        guard let id = parameters.get("id").flatMap(Int64.init) else {
            throw HTTPError(.notFound, message: "There is no such release.")
        }
        do {
            return try await body(id)
        } catch let error as ReleaseError {
            throw HTTPError(error.code == .notShowable ? .conflict : .notFound, message: error.message)
        }
    }

    private static func answer(
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

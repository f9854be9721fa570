import FoundationEssentials
import HTTPTypes
import Hummingbird
import JobQueue
import Operators
import PipelineJobs
import TextbookSync

extension OperatorAPI {
    var resyncRoutes: [(path: String, handlers: [HTTPRequest.Method: OperatorHandler])] {
        [
            (
                "/api/ops/v1/resyncs",
                [
                    .post: OperatorHandler(.resync, body: self.start),
                    .get: OperatorHandler(.read, .resync, body: self.list),
                ]
            ),
            ("/api/ops/v1/resyncs/{id}", [.get: OperatorHandler(.read, .resync, body: self.status)]),
        ]
    }

    private func start(_ call: OperatorCall) async throws -> Response {
        let request = call.request
        let type = request.headers[.contentType].map { $0.lowercased().prefix { $0 != ";" } } ?? ""
        // The query belongs to an archive, but nobody may think that a malformed one was heeded.
        var wish = try Self.wish(request.uri.queryParameters)
        switch type {
        case "application/x-tar":
            let receipt: BookUploads.Receipt
            do {
                receipt = try await self.parts.uploads.receive(tar: request.body.map { Array(buffer: $0) })
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
        let act = OperatorAct("resync.start", on: "book", detail: Self.detail(wish))
        let (id, isKnown) = try await self.recording(act, call, detail: { Self.detail(job: $0.0) }) {
            try await self.parts.resyncs.start(wish, actor: call.who.name)
        }
        if isKnown, let upload = wish.upload { try await self.parts.uploads.forget(upload) }
        guard let status = try await self.parts.resyncs.status(of: id) else { throw HTTPError(.internalServerError) }
        return try Self.answer(
            status, isKnown ? .ok : .accepted, headers: [.location: "/api/ops/v1/resyncs/\(id)"])
    }

    /// The folder is not said: it is a path of one of our machines.
    private static func detail(_ wish: SyncBook) -> String? {
        struct Detail: Encodable {
            var commit: String?
            var plan: Bool?
            var max_delete: Int?
            var allow_older: Bool?
        }
        let detail = Detail(
            commit: wish.revision, plan: wish.onlyPlan, max_delete: wish.maximumDeletes, allow_older: wish.allowsOlder)
        return (try? JSONEncoder().encode(detail)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func detail(job: JobID) -> String { #"{"job":\#(job)}"# }

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

    static func number(_ query: Parameters, _ name: Substring) throws -> Int64? {
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

    private func list(_: OperatorCall) async throws -> Response {
        try Self.answer(["resyncs": try await self.parts.resyncs.latest()])
    }

    private func status(_ call: OperatorCall) async throws -> Response {
        guard let id = call.parameters.get("id").flatMap(Int64.init),
            let status = try await self.parts.resyncs.status(of: JobID(rawValue: id))
        else { throw HTTPError(.notFound, message: "There is no such resync.") }
        return try Self.answer(status, headers: status.done ? [:] : [.retryAfter: "1"])
    }
}

import FoundationEssentials
public import Hummingbird
import Learners

/// A refusal as callers see it: `application/problem+json` (RFC 9457) with our own members `error`, `message`,
/// `errors` and `request_id`.
public struct Problem: Error, Sendable {
    /// A thousand bad fields help nobody more than the first hundred.
    static let maximumErrors = 100

    /// The kind of refusal.
    public var type: ProblemType
    /// What went wrong this time; holds no learner id, no SQL and no text of the caller's.
    public var detail: String
    /// Every bad field.
    public var errors: [BadField] = []
    /// Headers that belong to the answer: `Allow`, `Retry-After`, `WWW-Authenticate`.
    public var headers: HTTPFields = [:]
    /// The status, where it is another than the type's.
    private var otherStatus: HTTPResponse.Status?
    /// What the log says beyond the detail. Never sent.
    var cause: (any Error)?

    /// The status of the answer.
    public var status: HTTPResponse.Status { self.otherStatus ?? self.type.status }

    /// A refusal.
    /// - Parameter retryAfter: whole seconds for `Retry-After`.
    public init(
        _ type: ProblemType, _ detail: String, errors: [BadField] = [], retryAfter: Int? = nil,
        cause: (any Error)? = nil
    ) {
        self.type = type
        self.detail = detail
        self.errors = errors
        self.cause = cause
        if let retryAfter { self.headers[.retryAfter] = String(retryAfter) }
        if type == .missingUserID { self.headers[.wwwAuthenticate] = "X-User-ID realm=\"learner\"" }
    }

    /// The refusal of these fields.
    init(fields errors: [BadField]) {
        let names = errors.map(\.field).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
        self.init(.invalidFields, "These fields cannot be accepted: \(shown).", errors: errors)
    }

    /// The refusal of one field.
    init(field: String, _ code: FieldError.Code, _ message: String) {
        self.init(fields: [BadField(.members(field), code, message)])
    }

    /// A refusal of the framework's own, or of a page.
    init(_ error: HTTPError) {
        switch error.status {
        case .notFound: self.init(.notFound, error.body ?? "There is nothing at this address.")
        case .methodNotAllowed: self.init(.methodNotAllowed, error.body ?? "This address does not answer this method.")
        case .contentTooLarge: self.init(.contentTooLarge, error.body ?? "The body is too large.")
        case .internalServerError:
            self.init(.internalError, "The request could not be carried out.", cause: error)
        default:
            self.init(.refused, error.body ?? error.status.reasonPhrase)
            self.otherStatus = error.status
        }
        self.headers = error.headers
    }
}

extension Problem: HTTPResponseError {
    /// The answer without a request id, for routers that stand behind no ``RequestBoundary``.
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        self.response(to: request, requestID: nil)
    }

    /// The answer.
    func response(to request: Request, requestID: String?) -> Response {
        let body = Body(
            type: self.type.uri, title: self.type.title, status: self.status.code, detail: self.detail,
            instance: Self.instance(of: request), error: self.type.rawValue, message: self.message,
            errors: self.errors.isEmpty ? nil : Array(self.errors.prefix(Self.maximumErrors)), requestID: requestID)
        var headers = self.headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(
            status: self.status, headers: headers,
            body: request.method == .head ? .init() : ResponseBody(byteBuffer: ByteBuffer(bytes: body.json)))
    }

    private var message: String {
        self.type == .internalError ? self.type.advice : "\(self.detail) \(self.type.advice)"
    }

    /// The path without its query; an endless one is cut.
    private static func instance(of request: Request) -> String {
        let path = request.uri.path
        return path.utf8.count <= 512 ? path : String(path.unicodeScalars.prefix(256)) + "…"
    }

    private struct Body: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
        let instance: String
        let error: String
        let message: String
        let errors: [BadField]?
        let requestID: String?

        enum CodingKeys: String, CodingKey {
            case type, title, status, detail, instance, error, message, errors
            case requestID = "request_id"
        }

        var json: [UInt8] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // Strings and integers only, so encoding cannot fail; an empty body would still carry the status.
            return (try? encoder.encode(self)).map(Array.init) ?? []
        }
    }
}

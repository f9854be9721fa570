/// A complete answer.
public struct HTTPClientResponse: Sendable {
    public let status: Int
    public let headers: HTTPClientHeaders
    public let body: [UInt8]

    public init(status: Int, headers: HTTPClientHeaders = .init(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text; `nil` where it is not UTF-8.
    public var bodyText: String? { String(validating: self.body, as: UTF8.self) }
}

/// Status and header fields of an answer whose body may still be on its way.
struct HTTPResponseHead: Sendable {
    var status: Int
    var headers = HTTPClientHeaders()
}

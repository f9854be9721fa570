/// Speaks HTTP/1.1 and HTTP/2 over pooled connections (libcurl's multi interface).
///
/// All transfers run on one thread of the client's own, which starts with the first request and ends with the client.
/// Cancelling the asking task aborts its exchange at once. Proxies come from the environment as curl reads it
/// (`http_proxy`, `https_proxy`, `ALL_PROXY`, `NO_PROXY`), except for addresses of this machine. A request made in a
/// trace says so in `traceparent`, unless it has a header of that name already.
public final class HTTPClient: Sendable {
    private let configuration: HTTPClientConfiguration
    private let loop: CurlEventLoop

    public init(configuration: HTTPClientConfiguration = .init()) {
        self.configuration = configuration
        self.loop = CurlEventLoop(configuration: configuration)
    }

    deinit { self.loop.close() }

    /// Ends every exchange with `clientClosed` and closes all connections; later requests fail the same way.
    public func close() {
        self.loop.close()
    }

    /// Sends a request and collects the whole answer, whatever its status. Throws ``HTTPClientError``.
    public func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let deadline = request.timeout.map { ContinuousClock.now.advanced(by: $0) }
        var request = request.inCurrentTrace()
        while true {
            let transfer = try self.start(request, bufferLimit: nil)
            let response = try await transfer.response()
            guard
                let next = try Redirect.next(
                    after: request, at: transfer.url, status: response.status, headers: response.headers)
            else { return response }
            request = next
            request.timeout = deadline.map { max(.milliseconds(1), ContinuousClock.now.duration(to: $0)) }
        }
    }

    /// Sends a request and hands `body` the answer while it arrives. Leaving `body` aborts what is left of it.
    ///
    /// Throws ``HTTPClientError``, or what `body` throws.
    public func withStream<T: Sendable>(
        _ request: HTTPClientRequest, _ body: (HTTPClientStream) async throws -> T
    ) async throws -> T {
        let deadline = request.timeout.map { ContinuousClock.now.advanced(by: $0) }
        var request = request.inCurrentTrace()
        while true {
            let transfer = try self.start(request, bufferLimit: self.configuration.streamBufferBytes)
            defer { transfer.abort(HTTPClientError(.cancelled, "\(request): its reader has left")) }
            let head = try await transfer.responseHead()
            guard
                let next = try Redirect.next(
                    after: request, at: transfer.url, status: head.status, headers: head.headers)
            else {
                return try await body(
                    HTTPClientStream(status: head.status, headers: head.headers, chunks: .init(transfer: transfer)))
            }
            request = next
            request.timeout = deadline.map { max(.milliseconds(1), ContinuousClock.now.duration(to: $0)) }
        }
    }

    private func start(_ request: HTTPClientRequest, bufferLimit: Int?) throws(HTTPClientError) -> Transfer {
        try request.validate()
        let transfer = Transfer(
            request: request, url: try HTTPURL(request.url), loop: self.loop, bufferLimit: bufferLimit)
        self.loop.add(transfer)
        return transfer
    }
}

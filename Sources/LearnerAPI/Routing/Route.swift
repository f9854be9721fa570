import Hummingbird

/// One thing that callers can do.
struct Route: Sendable {
    typealias Handler = @Sendable (APIRequest) async throws -> Response

    let method: HTTPRequest.Method
    let pattern: RoutePattern
    let handler: Handler
    /// Whether requests are counted against the rates.
    let isRated: Bool

    init(
        _ method: HTTPRequest.Method, _ pattern: String, isRated: Bool = false, _ handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = RoutePattern("/api/" + pattern)
        self.handler = handler
        self.isRated = isRated
    }

    /// A file that is read at an address outside of `/api`.
    init(file path: String, _ handler: @escaping Handler) {
        self.method = .get
        self.pattern = RoutePattern(path)
        self.handler = handler
        self.isRated = false
    }
}

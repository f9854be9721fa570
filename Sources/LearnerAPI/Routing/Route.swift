import Hummingbird

/// One thing that callers can do.
struct Route: Sendable {
    typealias Handler = @Sendable (APIRequest) async throws -> Response

    let method: HTTPRequest.Method
    let pattern: RoutePattern
    let handler: Handler
    /// Whether requests are counted against the rates.
    let isRated: Bool
    /// Whether it is the same for everybody, so that nobody need sign in.
    private(set) var isOpen = false

    init(
        _ method: HTTPRequest.Method, _ pattern: String, isRated: Bool = false, _ handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = RoutePattern("/api/" + pattern)
        self.handler = handler
        self.isRated = isRated
    }

    /// The same route for everybody.
    func opened() -> Route {
        var route = self
        route.isOpen = true
        return route
    }

    /// A file that is read at an address outside of `/api`.
    init(file path: String, _ handler: @escaping Handler) {
        self.method = .get
        self.pattern = RoutePattern(path)
        self.handler = handler
        self.isRated = false
    }
}

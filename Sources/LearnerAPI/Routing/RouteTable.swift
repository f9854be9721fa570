import Hummingbird

/// Every route, in the order in which they are tried: a pattern that ends in a suffix stands before the one without.
struct RouteTable: Sendable {
    private let routes: [Route]

    init(_ routes: [Route]) {
        self.routes = routes
    }

    /// Every operation as the API's description names it: `GET /api/user/{user_id}`.
    var operations: [String] { self.routes.map { "\($0.method.rawValue) \($0.pattern.template)" } }

    enum Match: Sendable {
        case route(Route, parameters: [String: String])
        /// The path exists, but not for this method.
        case otherMethods(allow: String, pattern: RoutePattern)
        case nothing
    }

    /// - Parameter path: percent-encoded, without the query.
    func match(_ method: HTTPRequest.Method, path: String) -> Match {
        // An empty segment is part of the path: `/api//user` is not `/api/user`.
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let wanted: HTTPRequest.Method = method == .head ? .get : method
        var matched: RoutePattern?
        var methods: Set<HTTPRequest.Method> = []
        for route in self.routes {
            // The first pattern of this shape decides: `user/preferences` is nobody's id.
            guard matched == nil || matched == route.pattern, let parameters = route.pattern.match(Array(segments))
            else { continue }
            if route.method == wanted { return .route(route, parameters: parameters) }
            matched = matched ?? route.pattern
            methods.insert(route.method)
        }
        guard let matched else { return .nothing }
        if methods.contains(.get) { methods.insert(.head) }
        let allow = methods.union([.options]).map(\.rawValue).sorted().joined(separator: ", ")
        return .otherMethods(allow: allow, pattern: matched)
    }
}

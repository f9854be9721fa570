import Hummingbird

/// Every route, in the order in which they are tried: a pattern that ends in a suffix stands before the one without.
struct RouteTable: Sendable {
    /// By the second segment, which every pattern spells out: what follows `/api`.
    private let routes: [Substring: [Route]]

    init(_ routes: [Route]) {
        self.routes = Dictionary(grouping: routes) { Self.topic(of: Self.segments($0.pattern.description)) }
    }

    /// Every operation as the API's description names it: `GET /api/user/{user_id}`.
    var operations: [String] {
        self.routes.values.joined().map { "\($0.method.rawValue) \($0.pattern.template)" }
    }

    /// An empty segment is part of the path: `/api//user` is not `/api/user`.
    private static func segments(_ path: String) -> ArraySlice<Substring> {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    }

    private static func topic(of segments: ArraySlice<Substring>) -> Substring { segments.dropFirst().first ?? "" }

    enum Match: Sendable {
        case route(Route, parameters: [String: String])
        /// The path exists, but not for this method.
        case otherMethods(allow: String, pattern: RoutePattern)
        case nothing
    }

    /// - Parameter path: percent-encoded, without the query.
    func match(_ method: HTTPRequest.Method, path: String) -> Match {
        let segments = Self.segments(path)
        let wanted: HTTPRequest.Method = method == .head ? .get : method
        var matched: RoutePattern?
        var methods: Set<HTTPRequest.Method> = []
        for route in self.routes[Self.topic(of: segments)] ?? [] {
            // The first pattern of this shape decides: `user/preferences` is nobody's id.
            guard matched == nil || matched == route.pattern, let parameters = route.pattern.match(segments)
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

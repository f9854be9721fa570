/// Where a server's endpoints stand.
public struct MCPServerPaths: Hashable, Sendable {
    /// GET opens an event stream of HTTP+SSE.
    public var eventStream = "/sse"
    /// POST takes the messages of HTTP+SSE.
    public var messages = "/messages"
    /// Streamable HTTP and stateless requests, on each of these.
    public var streamable = ["/mcp"]

    /// The usual ones.
    public init() {}

    enum Endpoint: Hashable {
        case eventStream, messages, streamable

        var allowedMethods: String {
            switch self {
            case .eventStream: "GET"
            case .messages: "POST"
            case .streamable: "GET, POST, DELETE"
            }
        }
    }

    /// The endpoint at `path`; a slash at its end makes no difference.
    func endpoint(at path: String) -> Endpoint? {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        if path == self.eventStream { return .eventStream }
        if path == self.messages { return .messages }
        return self.streamable.contains(path) ? .streamable : nil
    }

    /// All paths, for whoever sets up the routes.
    public var all: [String] { [self.eventStream, self.messages] + self.streamable }
}

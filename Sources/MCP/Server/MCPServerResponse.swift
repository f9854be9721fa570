/// The HTTP answer to an ``MCPServerRequest``.
public struct MCPServerResponse: Sendable {
    /// The body of an answer.
    public enum Body: Sendable {
        /// The whole body.
        case bytes([UInt8])
        /// Server-sent events, written as they come.
        case events(MCPEventStream)
    }

    /// The status code.
    public var status: Int
    /// The header fields, among them `Content-Type` where there is a body.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: Body

    /// An answer by its parts.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static func plain(_ status: Int, _ text: String, headers: [(name: String, value: String)] = []) -> Self {
        Self(
            status: status, headers: [("Content-Type", "text/plain; charset=utf-8")] + headers,
            body: .bytes(Array(text.utf8)))
    }

    static func json(_ status: Int, _ value: JSONValue, headers: [(name: String, value: String)] = []) -> Self {
        Self(
            status: status, headers: [("Content-Type", "application/json")] + headers, body: .bytes(value.serialized()))
    }

    static func message(
        _ status: Int, _ message: JSONRPCMessage, headers: [(name: String, value: String)] = []
    ) -> Self {
        .json(status, message.json, headers: headers)
    }

    static func events(_ stream: MCPEventStream, headers: [(name: String, value: String)] = []) -> Self {
        Self(
            status: 200,
            headers: [
                ("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache, no-transform"),
                ("X-Accel-Buffering", "no"),
            ] + headers,
            body: .events(stream))
    }
}

/// Which server an ``MCPClient`` talks to, and within which limits.
public struct MCPClientConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// The name of the server in logs and errors, `storage`.
    public var name: String
    /// The server's address: of its event stream (`http://localhost:8001/sse`) or of its MCP endpoint.
    public var url: String
    /// Sent as `Authorization: Bearer …` with every request.
    public var bearerToken: String?
    /// The generation to try first. Without a hint the newest is, and then back in time.
    public var protocolHint: MCPGeneration?
    /// How long a call may take that names no deadline of its own, waiting for the connection included.
    public var requestTimeout = Duration.seconds(30)
    /// How long a call waits for a connection where there is none; `nil` for as long as its deadline lets it. Short,
    /// it makes calls to a server that is down fail at once instead of after their whole deadline.
    public var connectionPatience: Duration?
    /// How long each step of connecting may take.
    public var connectTimeout = Duration.seconds(10)
    /// Bytes of one message from the server. Larger ones end the exchange.
    public var maximumMessageBytes = 16 << 20
    /// Silence on the event stream after which the server is pinged; no answer within ``connectTimeout`` counts as a
    /// lost connection.
    public var pingInterval = Duration.seconds(30)
    /// The shortest and the longest wait between two attempts to connect.
    public var reconnectDelay = Duration.milliseconds(250)...Duration.seconds(15)
    /// How often an idempotent call is sent again after its outcome became unknown.
    public var maximumRetries = 2
    /// Tools that one server may announce.
    public var maximumTools = 1000
    /// Who we say we are.
    public var clientName = "lectern"
    /// Our version.
    public var clientVersion = "1"

    /// A server by its name and address.
    public init(
        name: String, url: String, bearerToken: String? = nil, protocolHint: MCPGeneration? = nil,
        requestTimeout: Duration = .seconds(30), maximumMessageBytes: Int = 16 << 20
    ) {
        self.name = name
        self.url = url
        self.bearerToken = bearerToken
        self.protocolHint = protocolHint
        self.requestTimeout = requestTimeout
        self.maximumMessageBytes = maximumMessageBytes
    }

    /// The name alone: the address may hold a credential.
    public var description: String { "MCP server \(self.name)" }
    /// Keeps the credential out of dumps.
    public var customMirror: Mirror { Mirror(self, children: ["name": self.name]) }

    var clientInfo: JSONValue { ["name": .string(self.clientName), "version": .string(self.clientVersion)] }
}

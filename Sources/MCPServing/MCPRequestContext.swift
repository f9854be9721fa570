public import Hummingbird
import NIOCore

/// What a request to an MCP endpoint carries along: the connection, to know the client's address and to cut it off.
public struct MCPRequestContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    public init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.channel = source.channel
    }

    /// The client's IP address.
    var remoteAddress: String? { self.channel.remoteAddress?.ipAddress }

    /// Closes the connection, whatever is still to be written to it.
    func disconnect() {
        self.channel.close(mode: .all, promise: nil)
    }
}

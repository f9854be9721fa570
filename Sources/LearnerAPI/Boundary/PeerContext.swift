public import Hummingbird
public import IPAddresses
import Logging

/// A request's context that knows who is at the other end of the connection.
public protocol PeerContext: RequestContext {
    /// The address of the connection's other end; `nil` where it has none, as on a Unix socket.
    var peer: IPAddress? { get }
}

/// The context of the API process.
public struct APIContext: PeerContext {
    public var coreContext: CoreRequestContextStorage
    private let findPeer: @Sendable () -> IPAddress?

    /// A context of a connection.
    public init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        let channel = source.channel
        self.findPeer = { channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) } }
    }

    /// Worked out when it is asked for: most requests never need it.
    public var peer: IPAddress? { self.findPeer() }
}

/// The settings of an ``HTTPClient``.
public struct HTTPClientConfiguration: Sendable {
    /// Which versions of HTTP the client offers.
    public enum Protocols: Hashable, Sendable {
        /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
        case automatic
        /// HTTP/1.1 only.
        case http1
    }

    /// The most connections to one host and port at a time; further exchanges wait for one, within their deadlines.
    public var maximumConnectionsPerHost = 64
    /// The most connections kept open for later use.
    public var maximumIdleConnections = 64
    /// Idle connections older than this are not used again.
    public var maximumIdleTime: Duration = .seconds(60)
    /// The most bytes of a response's head, all its fields together.
    public var maximumHeaderBytes = 64 << 10
    /// How many bytes of a streamed body wait for their reader before the sender is held back.
    public var streamBufferBytes = 256 << 10
    /// A file of PEM certificates to trust instead of the system's.
    public var trustedCertificatesPath: String?
    /// Told the 4 or 16 bytes of every address before it is connected to, also of a proxy; where it answers true, there
    /// is no connection.
    public var refusesAddress: (@Sendable ([UInt8]) -> Bool)?
    public var protocols = Protocols.automatic
    /// Sent where a request has no `User-Agent` of its own.
    public var userAgent = "lectern/1"

    public init() {}
}

/// What one server takes on at most.
public struct MCPServerLimits: Hashable, Sendable {
    /// Bytes of one request body. Larger ones are answered with 413.
    public var maximumBodyBytes = 4 << 20
    /// Bytes that may wait for a slow reader of one event stream before it is cut off.
    public var maximumQueuedBytes = 64 << 20
    /// Sessions open at once, event streams among them.
    public var maximumSessions = 256
    /// Calls running or waiting at once, over all clients.
    public var maximumConcurrentCalls = 64
    /// How long one call may take.
    public var maximumCallDuration = Duration.seconds(300)
    /// How long a session lives without a request. An open event stream keeps its session.
    public var sessionIdleTimeout = Duration.seconds(1800)
    /// How often an idle event stream is sent a comment.
    public var keepAliveInterval = Duration.seconds(15)
    /// Tools in one page of `tools/list`.
    public var toolsPerPage = 100
    /// Messages in one batch of revision 2025-03-26.
    public var maximumBatchCount = 50
    /// How long clients may keep the tool list.
    public var toolListLifetime = Duration.seconds(300)

    /// The defaults.
    public init() {}
}

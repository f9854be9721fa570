/// What the client tells the outside about itself, for metrics.
///
/// Calls come from any thread and must return at once.
public protocol PostgresObserver: Sendable {
    /// A connection was opened.
    func connectionOpened(after duration: Duration)
    /// An attempt to open a connection failed.
    func connectionFailed(_ error: PostgresError)
    /// A connection was closed, by us or by the other side.
    func connectionClosed()
    /// A caller got a connection after having waited so long.
    func connectionAcquired(after duration: Duration)
    /// A statement, pipeline or copy ended; `code` is nil when it succeeded.
    func statementFinished(after duration: Duration, code: PostgresError.Code?)
}

extension PostgresObserver {
    public func connectionOpened(after duration: Duration) {}
    public func connectionFailed(_ error: PostgresError) {}
    public func connectionClosed() {}
    public func connectionAcquired(after duration: Duration) {}
    public func statementFinished(after duration: Duration, code: PostgresError.Code?) {}
}

/// An observer that looks away.
public struct SilentPostgresObserver: PostgresObserver {
    public init() {}
}

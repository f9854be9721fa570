/// Something that one process of the fleet does, again and again.
///
/// A round must be harmless when it runs twice at the same time: a leader that stood still for a while may finish one
/// after the office has passed on.
public struct LeaderDuty: Sendable {
    /// A machine word for the log.
    public var name: String
    /// From the end of a round to the start of the next.
    public var interval: Duration
    /// One round. Answers when the next is due, where that is not ``interval`` from now. Stops soon when cancelled.
    public var perform: @Sendable () async throws -> Duration?

    public init(
        _ name: String, every interval: Duration, perform: @escaping @Sendable () async throws -> Duration?
    ) {
        self.name = name
        self.interval = interval
        self.perform = perform
    }
}

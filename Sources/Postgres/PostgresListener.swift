public import Logging
public import ServiceLifecycle
import Synchronization

/// Receives notifications on a connection of its own, which must go to the server directly: a transaction pooler
/// delivers none.
///
/// A notification can be lost with its connection, so a user polls once after each ``Event/connected`` and takes the
/// payload as a hint, not as the truth.
public final class PostgresListener: Service {
    /// What a listener has to tell.
    public enum Event: Sendable, Hashable {
        /// Listening from now on; whatever was sent before has been missed.
        case connected
        /// Not listening until the next ``connected``.
        case disconnected
        /// Somebody sent `NOTIFY channel, 'payload'`.
        case notification(channel: String, payload: String)
    }

    /// The events, for one reader. A reader that lags keeps the newest 4,096.
    public let events: AsyncStream<Event>

    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let logger: Logger
    private let heartbeat: Duration
    private let jitter: @Sendable () -> Double
    private let continuation: AsyncStream<Event>.Continuation

    /// - Parameters:
    ///   - configuration: its connection string must name the server, not a pooler.
    ///   - heartbeat: how often an otherwise silent connection is tried.
    ///   - jitter: a number from 0 to 1 that spreads the reconnects of many processes.
    public init(
        configuration: PostgresConfiguration, channels: [String], logger: Logger, heartbeat: Duration = .seconds(15),
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.configuration = configuration
        self.channels = channels
        self.logger = logger
        self.heartbeat = heartbeat
        self.jitter = jitter
        (self.events, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
    }

    /// A listener with the defaults for a direct connection string.
    public convenience init(url: String, channels: [String], logger: Logger) {
        self.init(configuration: PostgresConfiguration(url: url), channels: channels, logger: logger)
    }

    /// Listens until the task is cancelled or shutdown begins, and connects again whenever the connection breaks.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                do {
                    try await self.listen { failures = 0 }
                } catch {
                    self.logger.debug("listening ended", metadata: ["error": "\(error)"])
                }
                // Cut short by cancellation, which ends the loop.
                try? await Task.sleep(for: Self.backoff(failures: failures) * self.jitter())
                failures += 1
            }
        }
        self.continuation.finish()
    }

    /// 0.2 s, 0.4 s … 10 s, before jitter.
    static func backoff(failures: Int) -> Duration {
        min(.milliseconds(200) * (1 << min(failures, 10)), .seconds(10))
    }

    /// Listens on one connection until it breaks.
    private func listen(_ connected: () -> Void) async throws {
        let (closed, closing) = AsyncStream<Void>.makeStream()
        let channel = try await Channel.open(
            self.configuration, reactor: .shared, logger: self.logger, onClose: { closing.finish() },
            onNotification: { [continuation] channel, payload in
                continuation.yield(.notification(channel: channel, payload: payload))
            })
        defer { channel.close(PostgresError(code: .clientClosed, message: "the listener is closed")) }
        let listens = try self.channels.map { name in try Statement("LISTEN \(identifier: name)") }
        try await self.send(.pipeline(listens), on: channel)
        connected()
        self.continuation.yield(.connected)
        defer { self.continuation.yield(.disconnected) }
        try await withThrowingTaskGroup { group in
            group.addTask {
                for await _ in closed {}
                throw PostgresError(code: .connectionLost, message: "the listening connection broke")
            }
            group.addTask {
                let probe = try Statement("SELECT 1")
                while true {
                    try await Task.sleep(for: self.heartbeat)
                    try await self.send(.statement(probe), on: channel)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func send(_ work: ChannelWork, on channel: Channel) async throws {
        let deadline = ContinuousClock.now + min(self.configuration.statementTimeout, .seconds(10))
        _ = try await channel.run(work, deadline: deadline).checked()
    }
}

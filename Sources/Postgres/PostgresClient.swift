public import Logging
public import ServiceLifecycle

/// A pool of connections to one database.
///
/// Usable as soon as it is made; ``run()`` closes idle connections in the background and everything at shutdown.
/// Nothing is retried: a broken connection is replaced, the statement that broke with it fails.
public final class PostgresClient: PostgresSession, Service {
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let observer: any PostgresObserver
    private let pool: ConnectionPool

    /// A client that opens its first connection when it is needed.
    public init(
        configuration: PostgresConfiguration, logger: Logger,
        observer: any PostgresObserver = SilentPostgresObserver()
    ) {
        self.configuration = configuration
        self.logger = logger
        self.observer = observer
        self.pool = ConnectionPool(
            configuration: configuration, logger: logger, observer: observer, reactor: .shared)
    }

    /// Where answers arrive. A loop that does little but send statements and read what comes back saves a thread's waking
    /// up at every statement when it prefers this executor.
    ///
    /// One thread serves all clients of the process, so what runs here must be short and must never block.
    public var executor: any TaskExecutor { Reactor.shared }

    /// Lends a connection for as long as `body` runs. One left in a transaction is closed.
    ///
    /// - Throws: `.poolExhausted` where none became free in time, `.connectionFailed`, and what `body` throws.
    @discardableResult
    nonisolated(nonsending) public func withConnection<T: Sendable>(
        _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        let loan = try await self.pool.acquire()
        let connection = PostgresConnection(
            channel: loan.channel, configuration: self.configuration, observer: self.observer)
        defer {
            connection.invalidate()
            if connection.isSpent { self.pool.discard(loan) } else { self.pool.release(loan) }
        }
        return try await body(connection)
    }

    /// Runs `body` inside a transaction on a connection of its own, see ``PostgresConnection/withTransaction(timeout:_:)``.
    @discardableResult
    nonisolated(nonsending) public func withTransaction<T: Sendable>(
        timeout: Duration? = nil, _ body: nonisolated(nonsending) (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await self.withConnection { connection in
            try await connection.withTransaction(timeout: timeout, body)
        }
    }

    public func query(_ sql: SQL, timeout: Duration?) async throws -> [PostgresRow] {
        try await self.withConnection { try await $0.query(sql, timeout: timeout) }
    }

    @discardableResult
    public func execute(_ sql: SQL, timeout: Duration?) async throws -> Int {
        try await self.withConnection { try await $0.execute(sql, timeout: timeout) }
    }

    /// Sends several statements in one round trip, see ``PostgresConnection/pipeline(_:timeout:)``.
    public func pipeline(_ statements: [SQL], timeout: Duration? = nil) async throws -> [PostgresResult] {
        try await self.withConnection { try await $0.pipeline(statements, timeout: timeout) }
    }

    /// Loads rows with COPY, see ``PostgresConnection/copyIn(_:columns:rows:timeout:)``.
    @discardableResult
    nonisolated(nonsending) public func copyIn(
        _ table: SQL, columns: [String], rows: some Sequence<[String?]>, timeout: Duration? = nil
    ) async throws -> Int {
        try await self.withConnection {
            try await $0.copyIn(table, columns: columns, rows: rows, timeout: timeout)
        }
    }

    /// Closes idle connections until the task is cancelled or shutdown begins; then closes the client.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Waking early is harmless: cancellation ends the loop.
                try? await Task.sleep(for: .seconds(5))
                self.pool.reap(now: .now)
            }
        }
        await self.close()
    }

    /// Refuses new callers, waits for connections on loan up to the close timeout, then closes everything.
    public func close() async {
        await withTaskGroup { group in
            group.addTask { await self.pool.close() }
            group.addTask {
                // Cancelled when the pool is closed, or when the caller no longer wants to wait.
                try? await Task.sleep(for: self.configuration.closeTimeout)
                self.pool.abort()
            }
            await group.next()
            group.cancelAll()
        }
    }
}

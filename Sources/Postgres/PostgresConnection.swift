import Synchronization

/// A connection on loan, for as long as the closure it was given to runs.
///
/// Statements of several tasks are worked off one after the other.
public final class PostgresConnection: PostgresSession {
    let channel: Channel
    let configuration: PostgresConfiguration
    let observer: any PostgresObserver
    private let isValid = Atomic(true)
    private let isReadOnly = Atomic(false)
    /// How long a statement may take that says nothing itself.
    private let statementLimit: Mutex<Duration>

    init(channel: Channel, configuration: PostgresConfiguration, observer: any PostgresObserver) {
        self.channel = channel
        self.configuration = configuration
        self.observer = observer
        self.statementLimit = Mutex(configuration.statementTimeout)
    }

    /// The server process behind the connection, as `pg_stat_activity.pid` shows it.
    public var backendID: Int32 { self.channel.backendID }

    /// Whether the server refused a write as read-only: after a failover, the next connection must look for the primary
    /// again.
    var isSpent: Bool { self.isReadOnly.load(ordering: .acquiring) }

    /// Ends the loan: from now on every call fails.
    func invalidate() {
        self.isValid.store(false, ordering: .releasing)
    }

    public func query(_ sql: SQL, timeout: Duration?) async throws -> [PostgresRow] {
        let statement = try Statement(sql)
        return try await self.run(.statement(statement), timeout: timeout).last?.rows ?? []
    }

    @discardableResult
    public func execute(_ sql: SQL, timeout: Duration?) async throws -> Int {
        let statement = try Statement(sql)
        return try await self.run(.statement(statement), timeout: timeout).last?.rowsAffected ?? 0
    }

    /// Sends several statements in one round trip and returns an answer for each.
    ///
    /// Outside a transaction they form one: where a statement fails, none of them has an effect. The error is that of
    /// the first one that failed.
    public func pipeline(_ statements: [SQL], timeout: Duration? = nil) async throws -> [PostgresResult] {
        guard !statements.isEmpty else { return [] }
        let prepared = try statements.map { sql in try Statement(sql) }
        return try await self.run(.pipeline(prepared), timeout: timeout).map(\.result)
    }

    /// Runs text with any number of statements and no binds, such as a migration file.
    package func runScript(_ text: String, timeout: Duration? = nil) async throws {
        guard !text.utf8.contains(0) else {
            throw PostgresError(code: .invalidArgument, message: "the script contains a NUL byte")
        }
        _ = try await self.run(.script(text), timeout: timeout)
    }

    func deadline(_ timeout: Duration?) -> ContinuousClock.Instant {
        .now + (timeout ?? self.statementLimit.withLock { $0 })
    }

    /// From now on, statements that say nothing themselves have this limit; returns the one before.
    func limitStatements(to limit: Duration) -> Duration {
        self.statementLimit.withLock { current in
            defer { current = limit }
            return current
        }
    }

    func run(_ work: ChannelWork, timeout: Duration?, isShielded: Bool = false) async throws -> [ResultTable] {
        try await self.observed { () async throws in
            try await self.send(work, deadline: self.deadline(timeout), isShielded: isShielded)
        }
    }

    /// Does some work without telling the observer.
    func send(
        _ work: ChannelWork, deadline: ContinuousClock.Instant, isShielded: Bool = false
    ) async throws -> [ResultTable] {
        guard self.isValid.load(ordering: .acquiring) else {
            throw PostgresError(code: .connectionReleased, message: "the connection was given back before")
        }
        let reply = try await self.channel.run(work, deadline: deadline, isShielded: isShielded)
        do throws(PostgresError) {
            return try reply.checked()
        } catch {
            throw self.judged(error, deadline: deadline)
        }
    }

    private func judged(_ error: PostgresError, deadline: ContinuousClock.Instant) -> PostgresError {
        if error.sqlState == "25006" { self.isReadOnly.store(true, ordering: .releasing) }
        // The server's own statement timeout may strike a moment before ours.
        guard error.sqlState == "57014", error.code == .server, .now >= deadline - .milliseconds(100) else {
            return error
        }
        var timeout = error
        timeout.code = .timeout
        return timeout
    }

    func observed<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        do {
            let value = try await body()
            self.observer.statementFinished(after: .now - start, code: nil)
            return value
        } catch {
            self.observer.statementFinished(after: .now - start, code: (error as? PostgresError)?.code)
            throw error
        }
    }
}

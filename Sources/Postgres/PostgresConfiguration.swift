/// Where the database is and how patiently the client deals with it.
public struct PostgresConfiguration: Sendable {
    /// A libpq connection string, URI or key/value, with several hosts, `target_session_attrs` and TLS settings as
    /// libpq understands them (PostgreSQL manual, section 34.1.1).
    public var url: String
    /// The most connections open at a time.
    public var maximumConnections = 8
    /// How long a caller waits for a free connection.
    public var acquireTimeout: Duration = .seconds(5)
    /// How long one host may take to accept a connection; libpq counts whole seconds, at least 2. A `connect_timeout`
    /// in the connection string wins.
    public var connectTimeout: Duration = .seconds(5)
    /// How long a statement may take where the call says nothing else.
    public var statementTimeout: Duration = .seconds(30)
    /// How long the server keeps a transaction open that sends nothing.
    public var idleInTransactionTimeout: Duration = .seconds(60)
    /// How long after a cancellation the server may take to answer before the connection is closed.
    public var cancellationGrace: Duration = .seconds(3)
    /// How long a connection may stand idle.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a connection lives; older ones are closed when they come back.
    public var maximumLifetime: Duration = .seconds(1800)
    /// How long `close()` waits for connections that are lent out.
    public var closeTimeout: Duration = .seconds(10)
    /// The name shown in `pg_stat_activity`; an `application_name` in the connection string wins.
    public var applicationName = "lectern"

    /// The defaults above for a connection string.
    public init(url: String) {
        self.url = url
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
    /// The numbers only: the connection string may hold a password.
    public var description: String {
        "PostgresConfiguration(application \(self.applicationName), at most \(self.maximumConnections) connections)"
    }

    public var customMirror: Mirror { Mirror(self, children: ["description": self.description]) }
}

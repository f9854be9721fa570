import Foundation
import Logging
import Postgres

/// PgBouncer in transaction mode in front of a server.
public final class TransactionPooler: Sendable {
    /// The connection string of the database behind the pooler.
    public let url: String
    private let child: ChildProcess

    /// Whether PgBouncer is installed.
    public static var isAvailable: Bool { Self.program != nil }

    private static var program: String? {
        ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"]
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Starts a pooler with so many server connections.
    public init(inFrontOf url: String, serverConnections: Int = 4) async throws {
        guard let program = Self.program, let target = URLComponents(string: url), let host = target.host else {
            throw PostgresTestingError("PgBouncer is not installed or \(url) is not a URI")
        }
        let port = try FreePort.find()
        let folder = try TemporaryFolder.make("lectern-pooler")
        let database = target.path.dropFirst()
        let user = target.user ?? "lectern"
        let password = target.password.map { " password=\($0)" } ?? ""
        let settings = """
            [databases]
            \(database) = host=\(host) port=\(target.port ?? 5432) dbname=\(database) user=\(user)\(password)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = \(serverConnections)
            max_client_conn = 500
            """
        try settings.write(toFile: "\(folder)/pgbouncer.ini", atomically: true, encoding: .utf8)
        try UnprivilegedUser.own(folder)
        self.url = "postgresql://\(user)@127.0.0.1:\(port)/\(database)"
        let child = try ChildProcess([program, "\(folder)/pgbouncer.ini"], folder: folder, orphanSignal: "TERM")
        self.child = child
        let client = PostgresClient(
            configuration: PostgresConfiguration(url: self.url), logger: Logger(label: "pooler"))
        try await Deadline.poll("the pooler to start") {
            guard child.isRunning else { throw PostgresTestingError("the pooler did not start") }
            return (try? await client.query("SELECT 1")) != nil
        }
        await client.close()
    }

    /// Stops the pooler.
    public func stop() async throws {
        try await self.child.stop(signal: "TERM", keepsFolder: false)
    }
}

/// Runs `body` with the connection strings of an empty database, through a pooler in transaction mode and direct.
@discardableResult
nonisolated(nonsending) public func withPooledTestDatabase<T: Sendable>(
    serverConnections: Int = 4, _ body: nonisolated(nonsending) (_ pooled: String, _ direct: String) async throws -> T
) async throws -> T {
    try await withTestDatabase { direct in
        let pooler = try await TransactionPooler(inFrontOf: direct, serverConnections: serverConnections)
        do {
            let value = try await body(pooler.url, direct)
            try await pooler.stop()
            return value
        } catch {
            // The error of the body is the one to report.
            try? await pooler.stop()
            throw error
        }
    }
}

import Foundation
import Logging
public import Postgres

/// Runs `body` with the connection string of an empty database that is dropped afterwards.
///
/// The server is the one that `LECTERN_TEST_DATABASE_URL` names (a URI of an account that may create databases), or a
/// cluster that all tests of the process share.
@discardableResult
nonisolated(nonsending) public func withTestDatabase<T: Sendable>(
    _ body: nonisolated(nonsending) (_ url: String) async throws -> T
) async throws -> T {
    let server = try await TestServer.shared.url()
    let name = "lectern_test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
    try await administer(server, "CREATE DATABASE \(identifier: name) TEMPLATE template0")
    do {
        let value = try await body(TestServer.url(server, database: name))
        try await administer(server, "DROP DATABASE \(identifier: name) WITH (FORCE)")
        return value
    } catch {
        // The error of the body is the one to report.
        try? await administer(server, "DROP DATABASE \(identifier: name) WITH (FORCE)")
        throw error
    }
}

/// Runs `body` with a client of an empty database.
@discardableResult
nonisolated(nonsending) public func withTestClient<T: Sendable>(
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: nonisolated(nonsending) (PostgresClient) async throws -> T
) async throws -> T {
    try await withTestDatabase { url in
        var configuration = PostgresConfiguration(url: url)
        configure(&configuration)
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "test"))
        do {
            let value = try await body(client)
            await client.close()
            return value
        } catch {
            await client.close()
            throw error
        }
    }
}

private func administer(_ server: String, _ sql: SQL) async throws {
    let client = PostgresClient(configuration: PostgresConfiguration(url: server), logger: Logger(label: "test"))
    do {
        try await client.execute(sql)
        await client.close()
    } catch {
        await client.close()
        throw error
    }
}

/// The server that all tests of this process share; started by the first that asks.
private actor TestServer {
    static let shared = TestServer()
    private var starting: Task<String, any Error>?
    private var cluster: PostgresCluster?

    func url() async throws -> String {
        if let named = ProcessInfo.processInfo.environment["LECTERN_TEST_DATABASE_URL"], !named.isEmpty {
            return named
        }
        if let starting { return try await starting.value }
        // Shared by all tests, so no single test's cancellation may end it.
        let task = Task {
            let cluster = try await PostgresCluster()
            self.cluster = cluster
            return cluster.url()
        }
        self.starting = task
        return try await task.value
    }

    /// The same connection string for another database.
    static func url(_ server: String, database: String) throws -> String {
        guard var components = URLComponents(string: server) else {
            throw PostgresTestingError("LECTERN_TEST_DATABASE_URL is not a URI")
        }
        components.path = "/\(database)"
        guard let url = components.string else { throw PostgresTestingError("LECTERN_TEST_DATABASE_URL is not a URI") }
        return url
    }
}

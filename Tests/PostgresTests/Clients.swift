import Logging
import Postgres
import Testing

/// Runs `body` with a client of a database and closes the client.
@discardableResult
nonisolated(nonsending) func withClient<T: Sendable>(
    _ url: String, logger: Logger = Logger(label: "test"), configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: nonisolated(nonsending) (PostgresClient) async throws -> T
) async throws -> T {
    var configuration = PostgresConfiguration(url: url)
    configure(&configuration)
    let client = PostgresClient(configuration: configuration, logger: logger)
    do {
        let value = try await body(client)
        await client.close()
        return value
    } catch {
        await client.close()
        throw error
    }
}

/// The code of the error that `body` throws, nil where it throws none.
nonisolated(nonsending) func code(
    _ body: nonisolated(nonsending) () async throws -> some Any
) async throws -> PostgresError.Code? {
    do {
        _ = try await body()
        return nil
    } catch let error as PostgresError {
        return error.code
    }
}

/// Expects `body` to fail with a code.
nonisolated(nonsending) func expect(
    _ expected: PostgresError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: nonisolated(nonsending) () async throws -> some Any
) async throws {
    let found = try await code(body)
    #expect(found == expected, sourceLocation: sourceLocation)
}

extension PostgresSession {
    /// The number in the first column of the first row.
    func integer(_ sql: SQL) async throws -> Int {
        guard let row = try await self.queryOne(sql) else {
            throw PostgresError(code: .decoding, message: "no row")
        }
        return try row.decode(0)
    }
}

import Postgres

extension PostgresClient {
    /// Opens that many connections ahead of the measurement: statements under way together need one each.
    func openConnections(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask { _ = try await self.query("SELECT pg_sleep(0.1)") }
            }
            try await group.waitForAll()
        }
    }
}

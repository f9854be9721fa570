import Postgres
import PostgresTesting
import Testing

@Suite struct TransactionTests {
    private struct Refusal: Error {}

    private func count(_ session: some PostgresSession) async throws -> Int {
        try await session.queryOne("SELECT count(*) AS n FROM t")?.decode("n") ?? -1
    }

    private func withTable<T: Sendable>(
        _ body: nonisolated(nonsending) (PostgresClient) async throws -> T
    ) async throws -> T {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE t (n int PRIMARY KEY)")
            return try await body(client)
        }
    }

    @Test func whatTheBodyWroteIsThereAfterwards() async throws {
        try await self.withTable { client in
            let inside = try await client.withTransaction { tx in
                try await tx.execute("INSERT INTO t VALUES (1)")
                let rows = try await self.count(client)
                #expect(rows == 0)
                return try await self.count(tx)
            }
            #expect(inside == 1)
            #expect(try await self.count(client) == 1)
        }
    }

    @Test func anErrorRollsBack() async throws {
        try await self.withTable { client in
            await #expect(throws: Refusal.self) {
                try await client.withTransaction { tx in
                    try await tx.execute("INSERT INTO t VALUES (1)")
                    throw Refusal()
                }
            }
            let rows = try await self.count(client)
            #expect(rows == 0)
        }
    }

    @Test func cancellationRollsBackAndLeavesTheConnectionIdle() async throws {
        try await self.withTable { client in
            let task = Task {
                try await code {
                    try await client.withTransaction { tx in
                        try await tx.execute("INSERT INTO t VALUES (1)")
                        try await tx.execute("SELECT pg_sleep(30) /* marker_tx */")
                    }
                }
            }
            try await Deadline.poll("the transaction to start") {
                try await client.query(
                    "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%marker_tx%' AND pid <> pg_backend_pid()"
                ).isEmpty == false
            }
            task.cancel()
            let reason = try await task.value
            #expect(reason == .cancelled)
            let rows = try await self.count(client)
            #expect(rows == 0)
            let open = try await client.query(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")
            #expect(open.isEmpty)
        }
    }

    @Test func aTaskCancelledInTheBodyDoesNotCommit() async throws {
        try await self.withTable { client in
            let task = Task {
                try await code {
                    try await client.withTransaction { tx in
                        try await tx.execute("INSERT INTO t VALUES (1)")
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                }
            }
            let reason = try await task.value
            #expect(reason == .cancelled)
            let rows = try await self.count(client)
            #expect(rows == 0)
        }
    }

    @Test func aSwallowedErrorIsNotTakenForACommit() async throws {
        try await self.withTable { client in
            let reason = try await code {
                try await client.withTransaction { tx in
                    try await tx.execute("INSERT INTO t VALUES (1)")
                    _ = try? await tx.execute("SELECT 1 / 0")
                }
            }
            #expect(reason == .transactionAborted)
            let rows = try await self.count(client)
            #expect(rows == 0)
        }
    }

    @Test func aServerErrorCarriesItsStateAndConstraint() async throws {
        try await self.withTable { client in
            let error = await #expect(throws: PostgresError.self) {
                try await client.execute("INSERT INTO t VALUES (1), (1)")
            }
            #expect(error?.code == .server)
            #expect(error?.sqlState == "23505")
            #expect(error?.constraint == "t_pkey")
            #expect(error?.isTransient == false)
        }
    }

    @Test func theServerItselfLimitsStatementsOfATransactionOnly() async throws {
        try await self.withTable { client in
            let inside = try await client.withTransaction(timeout: .seconds(7)) { tx in
                try await tx.queryOne("SELECT current_setting('statement_timeout') AS t")?.decode("t", as: String.self)
            }
            #expect(inside == "7s")
            let outside = try await client.queryOne("SELECT current_setting('statement_timeout') AS t")
            #expect(try outside?.decode("t") == "0")
            let reason = try await code {
                try await client.withTransaction(timeout: .milliseconds(150)) {
                    try await $0.query("SELECT pg_sleep(9)")
                }
            }
            #expect(reason == .timeout)
        }
    }

    @Test func aFailureAtCommitIsAServerError() async throws {
        try await self.withTable { client in
            try await client.execute("CREATE TABLE u (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { try await $0.execute("INSERT INTO u VALUES (1), (1)") }
            }
            #expect(error?.code == .server)
            #expect(error?.sqlState == "23505")
        }
    }

    @Test func aLostAnswerToCommitIsAnUnknownOutcome() async throws {
        try await self.withTable { client in
            try await client.withConnection { connection in
                try await connection.runScript(
                    """
                    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS
                        'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';
                    CREATE CONSTRAINT TRIGGER stall AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION stall();
                    """)
            }
            let task = Task {
                try await code {
                    try await client.withTransaction { try await $0.execute("INSERT INTO t VALUES (1)") }
                }
            }
            try await Deadline.poll("COMMIT to be under way") {
                let row = try await client.queryOne(
                    """
                    SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity
                    WHERE query = 'COMMIT' AND state = 'active' AND datname = current_database()
                    """)
                return try row?.decode("n", as: Int.self) == 1
            }
            let reason = try await task.value
            #expect(reason == .unknownOutcome)
        }
    }

    @Test func statementsOfAPipelineSucceedOrFailTogether() async throws {
        try await self.withTable { client in
            let results = try await client.pipeline([
                "INSERT INTO t VALUES (\(1)), (\(2))", "SELECT n FROM t ORDER BY n", "DELETE FROM t WHERE n = \(1)",
            ])
            #expect(results.map(\.rowsAffected) == [2, 2, 1])
            #expect(try results[1].rows.map { try $0.decode("n", as: Int.self) } == [1, 2])
            let error = await #expect(throws: PostgresError.self) {
                try await client.pipeline(["INSERT INTO t VALUES (3)", "SELECT 1 / 0", "INSERT INTO t VALUES (4)"])
            }
            #expect(error?.sqlState == "22012")
            #expect(try await self.count(client) == 1)
            #expect(try await client.pipeline((0..<2000).map { "SELECT \($0), repeat('x', 500)" }).count == 2000)
        }
    }
}

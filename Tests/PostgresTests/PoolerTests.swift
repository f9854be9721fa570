import Postgres
import PostgresTesting
import Testing

@Suite(.enabled(if: TransactionPooler.isAvailable)) struct PoolerTests {
    @Test func everythingButListeningWorksThroughATransactionPooler() async throws {
        try await withPooledTestDatabase(serverConnections: 2) { pooled, _ in
            try await withClient(pooled, configure: { $0.maximumConnections = 8 }) { client in
                try await client.execute("CREATE TABLE t (n int, lane int)")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<8 {
                        group.addTask { try await Self.work(lane, client) }
                    }
                    try await group.waitForAll()
                }
                let row = try #require(try await client.queryOne("SELECT count(*) AS n, sum(n) AS sum FROM t"))
                #expect(try row.decode("n") == 8 * 60)
                #expect(try row.decode("sum") == 8 * (0..<20).reduce(0, +) * 3)
            }
        }
    }

    private static func work(_ lane: Int, _ client: PostgresClient) async throws {
        for number in 0..<20 {
            try await client.execute("INSERT INTO t VALUES (\(number), \(lane))")
            try await client.withTransaction { tx in
                try await tx.execute("INSERT INTO t VALUES (\(number), \(lane))")
                let limit = try await tx.queryOne("SELECT current_setting('statement_timeout') AS t")
                #expect(try limit?.decode("t") == "30s")
            }
            let results = try await client.pipeline([
                "SELECT current_setting('statement_timeout') AS t", "SELECT \(number) AS n",
            ])
            #expect(try results[0].rows[0].decode("t") == "0")
            #expect(try results[1].rows[0].decode("n") == number)
            try await client.copyIn("t", columns: ["n", "lane"], rows: [["\(number)", "\(lane)"]])
        }
    }

    @Test func aTimeoutCancelsThroughThePooler() async throws {
        try await withPooledTestDatabase { pooled, direct in
            try await withClient(pooled) { client in
                let reason = try await code {
                    try await client.query("SELECT pg_sleep(30) /* marker_p */", timeout: .milliseconds(200))
                }
                #expect(reason == .timeout)
                try await withClient(direct) { observer in
                    try await Deadline.poll("the statement to end", within: .seconds(20)) {
                        try await observer.query(
                            """
                            SELECT 1 FROM pg_stat_activity
                            WHERE query LIKE '%marker_p%' AND state = 'active' AND pid <> pg_backend_pid()
                            """
                        ).isEmpty
                    }
                }
                #expect(try await client.query("SELECT 1").count == 1)
            }
        }
    }
}

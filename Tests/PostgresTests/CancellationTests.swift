import Postgres
import PostgresTesting
import Testing

@Suite struct CancellationTests {
    private func isRunning(_ marker: String, _ client: PostgresClient) async throws -> Bool {
        let rows = try await client.query(
            """
            SELECT 1 FROM pg_stat_activity
            WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE \("%" + marker + "%")
            """)
        return !rows.isEmpty
    }

    @Test func aStatementPastItsDeadlineStopsOnTheServerAndTheConnectionLivesOn() async throws {
        try await withTestClient { client in
            try await client.withConnection { connection in
                let start = ContinuousClock.now
                let reason = try await code {
                    try await connection.query("SELECT pg_sleep(30) /* marker_a */", timeout: .milliseconds(150))
                }
                #expect(reason == .timeout)
                #expect(ContinuousClock.now - start < .seconds(20))
                #expect(try await !self.isRunning("marker_a", client))
                let pid: Int32 = try #require(try await connection.queryOne("SELECT pg_backend_pid() AS pid"))
                    .decode("pid")
                #expect(pid == connection.backendID)
            }
        }
    }

    @Test func aCancelledTaskStopsItsStatementOnTheServer() async throws {
        try await withTestClient { client in
            let running = Task { try await code { try await client.query("SELECT pg_sleep(30) /* marker_b */") } }
            try await Deadline.poll("the statement to start") { try await self.isRunning("marker_b", client) }
            running.cancel()
            #expect(try await running.value == .cancelled)
            #expect(try await !self.isRunning("marker_b", client))
        }
    }

    @Test func aTaskCancelledBeforehandSendsNothing() async throws {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE trace (n int)")
            let task = Task {
                // Cancelled below or right here: either way before the statement.
                withUnsafeCurrentTask { $0?.cancel() }
                return try await code { try await client.execute("INSERT INTO trace VALUES (1)") }
            }
            #expect(try await task.value == .cancelled)
            #expect(try await client.query("SELECT 1 FROM trace").isEmpty)
        }
    }

    @Test func aCancellationNeverHitsTheNextStatement() async throws {
        try await withTestClient(configure: { $0.maximumConnections = 2 }) { client in
            for round in 0..<60 {
                // The deadline falls just about when the statement ends.
                _ = try await code {
                    try await client.query("SELECT pg_sleep(0.01)", timeout: .milliseconds(8 + round % 5))
                }
                let row = try await client.queryOne("SELECT \(round) AS n, pg_sleep(0.003)")
                #expect(try row?.decode("n") == round)
            }
        }
    }

    @Test func aStatementQueuedBehindASlowOneTimesOutByItself() async throws {
        try await withTestClient { client in
            try await client.withConnection { connection in
                async let slow = connection.query("SELECT pg_sleep(1.5) /* marker_c */")
                try await Deadline.poll("the statement to start") { try await self.isRunning("marker_c", client) }
                try await expect(.timeout) { try await connection.query("SELECT 1", timeout: .milliseconds(100)) }
                let rows = try await slow
                #expect(rows.count == 1)
                #expect(try await connection.query("SELECT 1").count == 1)
            }
        }
    }

    @Test func aServerThatStandsStillIsGivenUp() async throws {
        try await withCluster { cluster in
            try await withClient(cluster.url(), configure: { $0.cancellationGrace = .milliseconds(300) }) { client in
                let pid: Int32 = try #require(try await client.queryOne("SELECT pg_backend_pid() AS pid")).decode("pid")
                try cluster.freeze(pid)
                let start = ContinuousClock.now
                let reason = try await code { try await client.query("SELECT 1", timeout: .milliseconds(200)) }
                #expect(reason == .timeout)
                #expect(ContinuousClock.now - start < .seconds(20))
                try cluster.unfreeze(pid)
                #expect(try await client.query("SELECT 1").count == 1)
            }
        }
    }
}

import Postgres
import PostgresTesting
import Testing

/// What is marked as repeated is kept by a session that belongs to the connection, and by no other.
@Suite struct RepeatedStatementTests {
    private static func kept(_ session: some PostgresSession) async throws -> [String] {
        try await session.query("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
            .map { try $0.decode("statement") }
    }

    private static func double(_ number: Int) -> SQL {
        ("SELECT \(number) * 2 AS n" as SQL).repeated
    }

    @Test func aDirectConnectionPreparesARepeatedStatementOnceAndAnswersAlike() async throws {
        try await withTestClient { client in
            try await client.withConnection { connection in
                for number in 1...5 {
                    let row = try #require(try await connection.queryOne(Self.double(number)))
                    #expect(try row.decode("n") == number * 2)
                    #expect(row.columns == ["n"])
                }
                #expect(try await Self.kept(connection) == ["SELECT $1 * 2 AS n"])
            }
        }
    }

    @Test func whatIsNotMarkedIsNotKept() async throws {
        try await withTestClient { client in
            try await client.withConnection { connection in
                for number in 1...3 { _ = try await connection.query("SELECT \(number) * 2 AS n") }
                #expect(try await Self.kept(connection).isEmpty)
            }
        }
    }

    @Test func anErrorIsThatOfTheStatementHoweverItWasSent() async throws {
        try await withTestClient { client in
            try await client.withConnection { connection in
                // The first is sent with a question, the second is prepared, the third is kept already.
                for _ in 1...3 {
                    let zero = 0
                    let error = await #expect(throws: PostgresError.self) {
                        try await connection.query(("SELECT 1 / \(zero)" as SQL).repeated)
                    }
                    #expect(error?.sqlState == "22012")
                }
                let row = try #require(try await connection.queryOne(Self.double(4)))
                #expect(try row.decode("n") == 8)
            }
        }
    }

    @Test func inATransactionAStatementThatFailsUndoesIt() async throws {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE t (n int PRIMARY KEY)")
            let insert: @Sendable (Int) -> SQL = { ("INSERT INTO t VALUES (\($0))" as SQL).repeated }
            for round in 0..<3 {
                try await client.withTransaction { _ = try await $0.execute(insert(round)) }
                await #expect(throws: PostgresError.self) {
                    try await client.withTransaction { transaction in
                        _ = try await transaction.execute(insert(100 + round))
                        _ = try await transaction.execute(insert(round))
                    }
                }
            }
            let rows = try await client.query("SELECT n FROM t ORDER BY n").map { try $0.decode("n", as: Int.self) }
            #expect(rows == [0, 1, 2])
        }
    }

    @Test func aStatementWhoseTablesChangedGoesOnAfterOneRefusal() async throws {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE t (n int)")
            try await client.execute("INSERT INTO t VALUES (7)")
            let statement = ("SELECT * FROM t" as SQL).repeated
            try await client.withConnection { connection in
                for _ in 1...3 { #expect(try await connection.query(statement)[0].columns == ["n"]) }
                try await connection.execute("ALTER TABLE t ADD COLUMN body text")
                let error = await #expect(throws: PostgresError.self) { try await connection.query(statement) }
                #expect(error?.sqlState == "0A000")
                for _ in 1...3 { #expect(try await connection.query(statement)[0].columns == ["n", "body"]) }
            }
        }
    }

    @Test func aProgramThatMarksEverythingFillsNoServersMemory() async throws {
        try await withTestClient { client in
            try await client.withConnection { connection in
                for number in 0..<100 {
                    let row = try #require(
                        try await connection.queryOne(("SELECT 1 AS \(identifier: "c\(number)")" as SQL).repeated))
                    #expect(row.columns == ["c\(number)"])
                }
                #expect(try await Self.kept(connection).count == 64)
            }
        }
    }

    @Test(.enabled(if: TransactionPooler.isAvailable))
    func behindATransactionPoolerNothingIsPrepared() async throws {
        try await withPooledTestDatabase(serverConnections: 3) { pooled, _ in
            try await withClient(pooled, configure: { $0.maximumConnections = 8 }) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<8 {
                        group.addTask {
                            for number in 0..<30 {
                                let row = try await client.queryOne(Self.double(lane * 100 + number))
                                #expect(try row?.decode("n") == (lane * 100 + number) * 2)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await Self.kept(client).isEmpty)
            }
        }
    }
}

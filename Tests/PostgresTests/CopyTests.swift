import Postgres
import PostgresTesting
import Testing

@Suite struct CopyTests {
    @Test func aHundredThousandRowsArriveAsTheyWere() async throws {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE c (id bigint, body text, note text)")
            let rows = (0..<100_000).lazy.map { ["\($0)", "a\tb\nc\\d\r\\.\\N \($0)", $0 % 2 == 0 ? nil : ""] }
            let count = try await client.copyIn("c", columns: ["id", "body", "note"], rows: rows)
            #expect(count == 100_000)
            let row = try #require(
                try await client.queryOne(
                    """
                    SELECT count(*) AS n, sum(id) AS sum, count(note) AS notes,
                        bool_and(body = E'a\\tb\\nc\\\\d\\r\\\\.\\\\N ' || id) AS same FROM c
                    """))
            #expect(try row.decode("n") == 100_000)
            #expect(try row.decode("sum") == 4_999_950_000)
            #expect(try row.decode("notes") == 50_000)
            #expect(try row.decode("same") == true)
        }
    }

    @Test(
        arguments: [
            [["1"], ["x"], ["3"]], [["1"], ["2", "3"]], [["1"], ["2\0"]], [["1"], ["1"]],
        ] as [[[String?]]])
    func aBadRowLeavesNothingBehindAndTheConnectionUsable(_ rows: [[String?]]) async throws {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE c (id int PRIMARY KEY)")
            try await client.withConnection { connection in
                let reason = try await code { try await connection.copyIn("c", columns: ["id"], rows: rows) }
                #expect(reason != nil)
                #expect(try await connection.integer("SELECT count(*) AS n FROM c") == 0)
                #expect(try await connection.copyIn("c", columns: ["id"], rows: [["7"]]) == 1)
            }
        }
    }

    @Test func aCopyThatWaitsForALockTimesOut() async throws {
        try await withTestClient { client in
            try await client.execute("CREATE TABLE c (id int)")
            try await client.withTransaction { tx in
                try await tx.execute("LOCK TABLE c")
                let rows: [[String?]] = (0..<10).map { ["\($0)"] }
                let reason = try await code {
                    try await client.copyIn("c", columns: ["id"], rows: rows, timeout: .milliseconds(200))
                }
                #expect(reason == .timeout)
            }
            #expect(try await client.integer("SELECT count(*) AS n FROM c") == 0)
        }
    }

    @Test func aServerThatReadsNoMoreDoesNotHoldTheLoadForEver() async throws {
        try await withTestClient(configure: { $0.cancellationGrace = .milliseconds(500) }) { client in
            try await client.execute("CREATE TABLE c (id int, pad text)")
            try await client.execute(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN IF NEW.id = 100 THEN PERFORM pg_sleep(30); END IF; RETURN NEW; END'
                """)
            try await client.execute(
                "CREATE TRIGGER slow BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION slow()")
            let rows = (0..<200_000).lazy.map { ["\($0)", String(repeating: "x", count: 200)] as [String?] }
            let start = ContinuousClock.now
            let reason = try await code {
                try await client.copyIn("c", columns: ["id", "pad"], rows: rows, timeout: .milliseconds(700))
            }
            #expect(reason == .timeout)
            #expect(ContinuousClock.now - start < .seconds(25))
            #expect(try await client.integer("SELECT count(*) AS n FROM c") == 0)
        }
    }

    @Test func aCopyStatementSentAsAQueryIsRefused() async throws {
        try await withTestClient { client in
            try await expect(.unexpectedAnswer) { try await client.query("COPY pg_class TO STDOUT") }
            #expect(try await client.query("SELECT 1").count == 1)
        }
    }
}

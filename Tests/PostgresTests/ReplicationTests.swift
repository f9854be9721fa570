import Logging
import Postgres
import PostgresTesting
import Testing

/// With a synchronous standby, a commit counts when the standby has it: what it does not confirm may be lost with the
/// primary.
@Suite struct ReplicationTests {
    @Test(arguments: [true, false])
    func aCommitThatReachedNoStandbyIsNotCalledASuccess(_ inTransaction: Bool) async throws {
        try await withCluster { cluster in
            try await withClient(cluster.url()) { client in
                try await client.execute("CREATE TABLE t (n bigint PRIMARY KEY)")
                try await client.execute("ALTER SYSTEM SET synchronous_standby_names = 'a_standby_that_never_comes'")
                try await client.execute("SELECT pg_reload_conf()")
                var number: Int64 = 0
                // Until the server has read its settings, commits wait for nobody.
                try await Deadline.poll("a commit to wait for the standby") {
                    number += 1
                    return await Self.failure(of: number, through: client, inTransaction) != nil
                }
                let failure = await Self.failure(of: number + 1, through: client, inTransaction)
                #expect(failure == .unknownOutcome)

                try await client.execute("ALTER SYSTEM RESET synchronous_standby_names")
                try await client.execute("SELECT pg_reload_conf()")
                try await Deadline.poll("commits to be confirmed again") {
                    number += 10
                    return await Self.failure(of: number, through: client, inTransaction) == nil
                }
                #expect(try await client.queryOne("SELECT 1 AS one")?.decode("one", as: Int.self) == 1)
            }
        }
    }

    /// What an insert failed with, nil where it is said to have succeeded.
    private static func failure(
        of number: Int64, through client: PostgresClient, _ inTransaction: Bool
    ) async -> PostgresError.Code? {
        do {
            if inTransaction {
                try await client.withTransaction(timeout: .milliseconds(200)) { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (\(number))")
                }
            } else {
                try await client.execute("INSERT INTO t VALUES (\(number))", timeout: .milliseconds(200))
            }
            return nil
        } catch {
            return (error as? PostgresError)?.code
        }
    }
}

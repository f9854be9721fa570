import ArgumentParser
import Foundation
import Postgres
import Schema

/// Migrates an empty database and makes the tables in which transactions of the suite leave their traces.
struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prepares an empty database.")

    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let client = self.database.client()
        try await Migrator(database: client, migrations: try Migration.bundled(), logger: DatabaseOptions.logger).up()
        try await client.withTransaction { transaction in
            _ = try await transaction.execute("CREATE SCHEMA crash")
            // Neither table has a unique key: a row too many is for the checks to find, not for the server to refuse.
            _ = try await transaction.execute(
                """
                CREATE TABLE crash.asked (
                  job_id bigint NOT NULL, kind text NOT NULL, is_new boolean NOT NULL, delay_ms bigint NOT NULL)
                """)
            _ = try await transaction.execute(
                """
                CREATE TABLE crash.effect (
                  job_id bigint NOT NULL, kind text NOT NULL, attempt int NOT NULL, worker text NOT NULL, child bigint,
                  at timestamptz NOT NULL DEFAULT now())
                """)
        }
        await client.close()
    }
}

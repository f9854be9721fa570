import Logging
import Postgres
import PostgresTesting
import Testing

@testable import Schema

@Suite struct MigratorTests {
    private func migrator(_ client: PostgresClient, _ migrations: [Migration]? = nil) throws -> Migrator {
        Migrator(
            database: client, migrations: try migrations ?? Migration.bundled(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func everyMigrationGoesUpDownAndUpAgain() async throws {
        try await withTestClient { client in
            let migrator = try self.migrator(client)
            let versions = try await migrator.up()
            #expect(versions == Array(1...migrator.latestVersion))
            #expect(try await migrator.up().isEmpty)
            try await migrator.requireCurrent()
            #expect(try await migrator.down(to: 0) == versions.reversed())
            let left = try await client.query(
                """
                SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'lectern' AND c.relname NOT LIKE 'schema_migration%'
                """)
            #expect(left.isEmpty)
            #expect(try await migrator.up() == versions)
        }
    }

    @Test func twoMigratorsAtOnceApplyEachStepOnce() async throws {
        try await withTestClient { client in
            let migrator = try self.migrator(client)
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<3 { group.addTask { try await migrator.up() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == Array(1...migrator.latestVersion))
        }
    }

    @Test func aFailingMigrationChangesNothing() async throws {
        try await withTestClient { client in
            let migrator = try self.migrator(
                client,
                [Migration(version: 1, name: "bad", up: "CREATE TABLE lectern.x (); SELECT 1/0;", down: "")])
            await #expect(throws: Migrator.Failure.self) { try await migrator.up() }
            let row = try await client.queryOne("SELECT to_regclass('lectern.x') IS NULL AS absent")
            #expect(try row?.decode("absent") == true)
            #expect(try await migrator.status().map(\.appliedAt) == [nil])
        }
    }

    @Test func theSchemaIsThereForTheProgramThatMadeItAndForOlderOnes() async throws {
        try await withTestClient { client in
            let all = try Migration.bundled()
            let older = try self.migrator(client, Array(all.dropLast()))
            let newer = try self.migrator(client, all)
            #expect(try await older.isApplied() == false)
            try await older.up()
            #expect(try await older.isApplied())
            #expect(try await newer.isApplied() == false)
            try await newer.up()
            #expect(try await older.isApplied())
            #expect(try await newer.isApplied())
        }
    }

    @Test func anOlderProgramRefusesANewerSchema() async throws {
        try await withTestClient { client in
            try await self.migrator(client).up()
            let older = try self.migrator(client, Array(try Migration.bundled().dropLast()))
            await #expect(throws: Migrator.Failure.self) { try await older.requireCurrent() }
            await #expect(throws: Migrator.Failure.self) { try await older.up() }
        }
    }

    @Test func filesWithoutAPairOrWithAGapAreRefused() {
        #expect(throws: MigrationFilesError.self) { try Migration.ordered(["0001_a.up.sql": ""]) }
        #expect(throws: MigrationFilesError.self) {
            try Migration.ordered(["0002_a.up.sql": "", "0002_a.down.sql": ""])
        }
        #expect(throws: MigrationFilesError.self) { try Migration.ordered(["x.up.sql": "", "x.down.sql": ""]) }
    }
}

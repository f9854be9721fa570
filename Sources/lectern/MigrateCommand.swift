import ArgumentParser
import Foundation
import Postgres
import ProcessBootstrap
import Schema

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema up to this program's, or back.",
        subcommands: [Up.self, Down.self, Status.self, Plan.self])

    /// What all verbs share.
    struct Target: ParsableArguments {
        @OptionGroup var process: ProcessOptions

        @Option(help: "Seconds to wait for the database.")
        var waitDb: Int = 0

        func withMigrator<T: Sendable>(_ body: (Migrator) async throws -> T) async throws -> T {
            let process = try await ServiceProcess(.command, options: self.process)
            guard !process.settings.database.url.isEmpty else {
                throw Settings.Problem("DATABASE_URL is not set; give a PostgreSQL connection string")
            }
            let database = PostgresClient(
                configuration: PostgresConfiguration(url: process.settings.database.url), logger: process.logger)
            do {
                try await self.wait(for: database)
                let migrator = Migrator(
                    database: database, migrations: try Migration.bundled(), logger: process.logger)
                let result = try await body(migrator)
                await database.close()
                return result
            } catch let error as Migrator.Failure {
                await database.close()
                throw CommandFailure(.permanent, error.description)
            } catch let error as PostgresError {
                await database.close()
                throw CommandFailure(error.isTransient ? .temporary : .permanent, "the database refused: \(error)")
            }
        }

        private func wait(for database: PostgresClient) async throws {
            let clock = ContinuousClock()
            let deadline = clock.now + .seconds(self.waitDb)
            while true {
                do {
                    _ = try await database.query("SELECT 1", timeout: .seconds(5))
                    return
                } catch let error as PostgresError where error.isTransient && clock.now < deadline {
                    try await clock.sleep(for: .milliseconds(200))
                }
            }
        }
    }

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Apply every migration that is missing.")
        @OptionGroup var target: Target

        func run() async throws {
            let applied = try await self.target.withMigrator { try await $0.up() }
            Terminal.put(
                applied.isEmpty
                    ? "nothing to do" : "applied \(applied.map(String.init).joined(separator: ", "))")
        }
    }

    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take migrations back. What they added is lost.")
        @OptionGroup var target: Target
        @Option(help: "The version to go back to.") var to: Int

        func run() async throws {
            let version = self.to
            let reverted = try await self.target.withMigrator { try await $0.down(to: version) }
            Terminal.put(
                reverted.isEmpty
                    ? "nothing to do" : "took back \(reverted.map(String.init).joined(separator: ", "))")
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the migrations and when they were applied.")
        @OptionGroup var target: Target

        func run() async throws {
            for status in try await self.target.withMigrator({ try await $0.status() }) {
                Terminal.put("\(status.version)\t\(status.name)\t\(status.appliedAt ?? "pending")")
            }
        }
    }

    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say what `up` would apply.")
        @OptionGroup var target: Target
        @Flag(help: "Print the statements.") var showSql = false

        func run() async throws {
            let pending = try await self.target.withMigrator { try await $0.pending() }
            if pending.isEmpty { Terminal.put("nothing to do") }
            for migration in pending {
                Terminal.put("\(migration.version)\t\(migration.name)")
                if self.showSql { Terminal.put(migration.up) }
            }
        }
    }
}

import ArgumentParser
import Postgres
import ProcessBootstrap

/// Opens the configured database for the time of one command.
struct DatabaseSession: ParsableArguments {
    @Option(help: "A YAML file with settings.") var config: String?

    func with<T: Sendable>(_ body: (PostgresClient, ServiceProcess) async throws -> T) async throws -> T {
        let process = try await ServiceProcess(.command, configurationFile: self.config)
        guard !process.settings.database.url.isEmpty else {
            throw Settings.Problem("DATABASE_URL is not set; give a PostgreSQL connection string")
        }
        var configuration = PostgresConfiguration(url: process.settings.database.url)
        configuration.maximumConnections = 2
        configuration.applicationName = ProcessRole.command.rawValue
        let database = PostgresClient(configuration: configuration, logger: process.logger)
        do {
            let result = try await body(database, process)
            await database.close()
            return result
        } catch let error as PostgresError {
            await database.close()
            throw CommandFailure(error.isTransient ? .temporary : .permanent, "the database refused: \(error)")
        } catch {
            await database.close()
            throw error
        }
    }
}

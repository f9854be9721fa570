import ArgumentParser
import ProcessBootstrap
import StorageServer

/// The embedded MCP storage server.
@main
struct StorageProcess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern-storage", abstract: "Keeps objects on disk behind the Model Context Protocol.")

    @OptionGroup var options: ProcessOptions

    func run() async throws {
        let process = try await ServiceProcess(.storage, options: self.options)
        let settings = process.settings
        try process.makeDataDirectory()
        let application = try StorageApplication(
            configuration: .init(
                host: settings.host, port: settings.port, dataDirectory: settings.dataDirectory,
                bearerToken: settings.storage.bearerToken),
            version: ProcessRole.version, logger: process.logger)
        try await process.run([application.service])
    }
}

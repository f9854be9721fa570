import ArgumentParser
import ProcessBootstrap
import VectorServer

/// The embedded MCP vector server.
@main
struct VectordalProcess: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern-vectordal", abstract: "Keeps and searches vectors behind the Model Context Protocol.")

    @OptionGroup var options: ProcessOptions

    func run() async throws {
        let process = try await ServiceProcess(.vectordal, options: self.options)
        let settings = process.settings
        try process.makeDataDirectory()
        let application = try VectorApplication(
            configuration: .init(
                host: settings.host, port: settings.port, dataDirectory: settings.dataDirectory,
                bearerToken: settings.vectors.bearerToken),
            version: ProcessRole.version, logger: process.logger)
        try await process.run([application.service])
    }
}

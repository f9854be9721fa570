public import ArgumentParser

/// The flags every Lectern process understands. A flag wins over the environment, the environment over the file.
public struct ProcessOptions: ParsableArguments {
    @Option(help: "The address to listen on.")
    public var host: String?

    @Option(help: "The port to listen on; for a worker, the port of its health and metrics.")
    public var port: Int?

    @Option(help: "A YAML file with settings.")
    public var config: String?

    @Option(help: "The folder of an embedded server's files.")
    public var data: String?

    @Option(help: "Runs at the same time, for workers.")
    public var slots: Int?

    public init() {}

    func apply(to settings: inout Settings) throws {
        if let port {
            guard (0...65_535).contains(port) else { throw Settings.Problem("--port is \(port), not 0 to 65535") }
            settings.port = port
        }
        if let slots {
            guard (1...1_000).contains(slots) else { throw Settings.Problem("--slots is \(slots), not 1 to 1000") }
            settings.worker.slots = slots
        }
        settings.host = self.host ?? settings.host
        settings.dataDirectory = self.data ?? settings.dataDirectory
    }
}

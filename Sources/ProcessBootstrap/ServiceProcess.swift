import Foundation
public import Logging
import Metrics
public import ServiceLifecycle
import UnixSignals

/// One running executable: its settings, log and metrics, and the end of its life.
public struct ServiceProcess: Sendable {
    public let role: ProcessRole
    public let settings: Settings
    public let logger: Logger
    public let registry: PrometheusRegistry

    /// Reads the settings, with the flags above them, and turns on logging and metrics.
    ///
    /// - Throws: ``Settings/Problem`` for a setting that cannot be used.
    public init(_ role: ProcessRole, options: ProcessOptions) async throws {
        var settings = try await Self.settings(of: role, configurationFile: options.config)
        try options.apply(to: &settings)
        self.init(role, settings: settings)
    }

    /// Reads the settings and turns on logging and metrics, for a command that has flags of its own.
    ///
    /// - Throws: ``Settings/Problem`` for a setting that cannot be used.
    public init(_ role: ProcessRole, configurationFile: String?) async throws {
        self.init(role, settings: try await Self.settings(of: role, configurationFile: configurationFile))
    }

    private static func settings(of role: ProcessRole, configurationFile: String?) async throws -> Settings {
        // A peer that goes away in the middle of a write is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let file = configurationFile ?? ProcessInfo.processInfo.environment["LECTERN_CONFIG"]
        return try await Settings.load(role: role, configurationFile: file)
    }

    private init(_ role: ProcessRole, settings: Settings) {
        let registry = PrometheusRegistry()
        let (isJSON, level) = (settings.log.isJSON, settings.log.level)
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                isJSON
                ? JSONLogHandler(label: label, service: role.rawValue)
                : TextLogHandler(label: label)
            handler.logLevel = level
            return handler
        }
        MetricsSystem.bootstrap(PrometheusMetrics(registry: registry))
        self.role = role
        self.settings = settings
        self.registry = registry
        self.logger = Logger(label: role.rawValue)
    }

    /// Makes the folder of an embedded server's files with everything above it.
    ///
    /// - Throws: ``Settings/Problem`` that names the folder.
    public func makeDataDirectory() throws {
        let path = self.settings.dataDirectory
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Settings.Problem(
                "the data folder \(path) cannot be made: \(error.localizedDescription); give another with --data")
        }
    }

    /// Runs the services until one fails or a signal ends them: SIGTERM and SIGINT drain.
    public func run(_ services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: self.logger)
        // What has not drained by then is cut off, so that a supervisor never has to.
        configuration.maximumGracefulShutdownDuration =
            self.settings.worker.drainTimeout + self.settings.web.shutdownDelay + .seconds(10)
        self.logger.notice(
            "started", metadata: ["host": "\(self.settings.host)", "port": "\(self.settings.port)"])
        try await ServiceGroup(configuration: configuration).run()
        self.logger.notice("stopped")
    }
}

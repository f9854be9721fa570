import Foundation
import Logging
import Postgres
import Synchronization

/// A throwaway PostgreSQL server on a free port of the loopback address.
public final class PostgresCluster: Sendable {
    /// The port it listens on; it stays the same over restarts.
    public let port: Int
    private let binaries: PostgresBinaries
    private let folder: String
    private let settings: [String]
    private let server = Mutex<ChildProcess?>(nil)

    /// Makes a new cluster and starts it. Durability is off: what is tested survives a killed server process, not a
    /// power cut.
    ///
    /// - Parameter usesTLS: the server has a self-signed certificate and takes encrypted connections too.
    public init(settings: [String] = [], usesTLS: Bool = false) async throws {
        self.binaries = try await PostgresBinaries.find()
        self.settings = settings + (usesTLS ? ["ssl=on"] : [])
        self.port = try FreePort.find()
        self.folder = try TemporaryFolder.make("lectern-postgres")
        try UnprivilegedUser.own(self.folder)
        let data = try await PristineData.shared.path(self.binaries)
        try await ChildProcess.output(
            of: try UnprivilegedUser.command(["/bin/cp", "-R", "-p", data, "\(self.folder)/data"]))
        if usesTLS { try await self.makeCertificate() }
        try await self.start()
    }

    private func makeCertificate() async throws {
        let openssl = [
            "/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
            "-keyout", "\(self.folder)/data/server.key", "-out", "\(self.folder)/data/server.crt",
        ]
        try await ChildProcess.output(of: try UnprivilegedUser.command(openssl))
    }

    /// The connection string of a database.
    public func url(_ database: String = "postgres") -> String {
        "postgresql://lectern@127.0.0.1:\(self.port)/\(database)"
    }

    /// Starts the server and waits until it answers.
    public func start() async throws {
        var arguments = [
            self.binaries.path(of: "postgres"), "-D", "\(self.folder)/data", "-p", "\(self.port)", "-k", self.folder,
        ]
        let settings =
            ["listen_addresses=127.0.0.1", "max_connections=200", "fsync=off", "log_min_messages=warning"]
            + self.settings
        for setting in settings { arguments += ["-c", setting] }
        let child = try ChildProcess(arguments, folder: self.folder, orphanSignal: "QUIT")
        self.server.withLock { $0 = child }
        let client = PostgresClient(
            configuration: PostgresConfiguration(url: self.url()), logger: Logger(label: "cluster"))
        try await Deadline.poll("the server to start") {
            guard child.isRunning else { throw PostgresTestingError("the server did not start: \(self.log)") }
            return (try? await client.query("SELECT 1")) != nil
        }
        await client.close()
    }

    /// Stops the server, keeping its data, the way a killed server stops: at once, with recovery at the next start.
    public func stopImmediately() async throws {
        try await self.stop(signal: "QUIT", keepsFolder: true)
    }

    /// Stops the server, keeping its data, after having told its sessions.
    public func stop() async throws {
        try await self.stop(signal: "INT", keepsFolder: true)
    }

    /// Stops the server and removes its data.
    public func remove() async throws {
        try await self.stop(signal: "QUIT", keepsFolder: false)
    }

    private func stop(signal: String, keepsFolder: Bool) async throws {
        let child = self.server.withLock { server in
            defer { server = nil }
            return server
        }
        try await child?.stop(signal: signal, keepsFolder: keepsFolder)
    }

    private var log: String {
        (try? String(contentsOfFile: "\(self.folder)/log", encoding: .utf8)) ?? "no log"
    }
}

/// Runs `body` against a cluster of its own, which it may stop and start.
@discardableResult
nonisolated(nonsending) public func withCluster<T: Sendable>(
    settings: [String] = [], usesTLS: Bool = false, _ body: nonisolated(nonsending) (PostgresCluster) async throws -> T
) async throws -> T {
    let cluster = try await PostgresCluster(settings: settings, usesTLS: usesTLS)
    do {
        let value = try await body(cluster)
        try await cluster.remove()
        return value
    } catch {
        // The error of the body is the one to report.
        try? await cluster.remove()
        throw error
    }
}

extension PostgresCluster {
    /// Stops one server process in its tracks, as a hung disk would.
    public func freeze(_ backend: Int32) throws {
        try self.signal(backend, SIGSTOP)
    }

    /// Lets a frozen server process go on.
    public func unfreeze(_ backend: Int32) throws {
        try self.signal(backend, SIGCONT)
    }

    private func signal(_ backend: Int32, _ signal: Int32) throws {
        guard kill(backend, signal) == 0 else { throw PostgresTestingError("no server process \(backend)") }
    }
}

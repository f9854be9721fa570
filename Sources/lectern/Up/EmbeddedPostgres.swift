import Foundation
import Logging
import Postgres
import ProcessBootstrap

/// A PostgreSQL cluster of our own below the state folder, reachable from this machine only and with a password.
struct EmbeddedPostgres {
    let directory: URL
    let port: Int
    let binaries: URL
    /// The account that runs the server when we are root, which PostgreSQL refuses to be.
    private let account: String?
    private let password: String

    /// Finds the programs and makes the cluster if there is none.
    static func prepare(state: URL, port: Int) throws -> EmbeddedPostgres {
        let binaries = try Self.findBinaries()
        let account = geteuid() == 0 ? try Self.unprivilegedAccount() : nil
        let secret = state.appendingPathComponent("postgres.password")
        let password: String
        if let known = try? String(contentsOf: secret, encoding: .utf8) {
            password = known
        } else {
            password = (0..<32).map { _ in String(UInt8.random(in: 0...15), radix: 16) }.joined()
            try Data(password.utf8).write(to: secret)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret.path)
        }
        let directory = try Self.dataDirectory(state: state, account: account)
        let cluster = EmbeddedPostgres(
            directory: directory, port: port, binaries: binaries, account: account, password: password)
        if !FileManager.default.fileExists(atPath: directory.appendingPathComponent("PG_VERSION").path) {
            try cluster.initialise()
        }
        return cluster
    }

    func url(database: String) -> String {
        "postgresql://lectern:\(self.password)@127.0.0.1:\(self.port)/\(database)"
    }

    /// The server's program and arguments.
    var launch: (executable: URL, arguments: [String]) {
        self.asAccount(
            self.binaries.appendingPathComponent("postgres").path,
            [
                "-D", self.directory.path, "-p", "\(self.port)", "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=", "-c", "max_connections=200",
            ])
    }

    /// Waits until the server answers, and makes the database if it is missing.
    func waitAndCreate(database: String, child: ChildProcess, log: URL) async throws {
        var configuration = PostgresConfiguration(url: self.url(database: "postgres"))
        configuration.maximumConnections = 1
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "lectern"))
        let deadline = ContinuousClock().now + .seconds(60)
        while true {
            do {
                let exists = try await client.queryOne(
                    "SELECT EXISTS (SELECT FROM pg_database WHERE datname = \(database)) AS here")
                if try exists?.decode("here", as: Bool.self) != true {
                    try await client.execute("CREATE DATABASE \(identifier: database)")
                }
                await client.close()
                return
            } catch let error as PostgresError {
                guard child.isRunning else {
                    throw CommandFailure(.other, "PostgreSQL ended while starting; see \(log.path)")
                }
                guard error.isTransient, ContinuousClock().now < deadline else {
                    throw CommandFailure(.other, "PostgreSQL does not answer: \(error); see \(log.path)")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func initialise() throws {
        Terminal.say("making a PostgreSQL cluster in \(self.directory.path)")
        let passwordFile = FileManager.default.temporaryDirectory.appendingPathComponent(
            "lectern-\(UUID().uuidString)")
        try Data(self.password.utf8).write(to: passwordFile)
        defer { try? FileManager.default.removeItem(at: passwordFile) }
        if let account { try Self.run("/bin/chown", [account, passwordFile.path]) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: passwordFile.path)
        let (executable, arguments) = self.asAccount(
            self.binaries.appendingPathComponent("initdb").path,
            [
                "-D", self.directory.path, "-U", "lectern", "--pwfile", passwordFile.path, "-A", "scram-sha-256",
                "-E", "UTF8", "--locale=C.UTF-8",
            ])
        try Self.run(executable.path, arguments)
    }

    private func asAccount(_ program: String, _ arguments: [String]) -> (URL, [String]) {
        guard let account else { return (URL(fileURLWithPath: program), arguments) }
        return (
            URL(fileURLWithPath: "/usr/bin/setpriv"),
            ["--reuid=\(account)", "--regid=\(Self.group(of: account))", "--clear-groups", "--", program] + arguments
        )
    }

    private static func findBinaries() throws -> URL {
        var candidates: [String] = []
        if let named = ProcessInfo.processInfo.environment["LECTERN_PG_BIN"] { candidates.append(named) }
        let installed = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        candidates += installed.compactMap(Int.init).sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        candidates += ["/usr/local/bin", "/usr/bin"]
        for candidate in candidates
        where FileManager.default.isExecutableFile(atPath: candidate + "/initdb")
            && FileManager.default.isExecutableFile(atPath: candidate + "/postgres")
        {
            return URL(fileURLWithPath: candidate)
        }
        throw CommandFailure(
            .other, "no PostgreSQL server is installed; install the package postgresql, or set DATABASE_URL")
    }

    private static func unprivilegedAccount() throws -> String {
        for name in ["postgres", "nobody"] where getpwnam(name) != nil { return name }
        throw CommandFailure(.other, "PostgreSQL refuses to run as root and there is no account postgres or nobody")
    }

    private static func group(of account: String) -> String {
        getpwnam(account).map { String($0.pointee.pw_gid) } ?? account
    }

    /// The cluster's folder: below the state folder, or below /var/tmp where the account cannot reach that.
    private static func dataDirectory(state: URL, account: String?) throws -> URL {
        let preferred = state.appendingPathComponent("postgres")
        guard let account else {
            try FileManager.default.createDirectory(
                at: preferred, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            return preferred
        }
        try FileManager.default.createDirectory(at: preferred, withIntermediateDirectories: true)
        try self.run("/bin/chown", [account, preferred.path])
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: preferred.path)
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
        probe.arguments = [
            "--reuid=\(account)", "--regid=\(self.group(of: account))", "--clear-groups", "--", "/usr/bin/test", "-w",
            preferred.path,
        ]
        try probe.run()
        probe.waitUntilExit()
        if probe.terminationStatus == 0 { return preferred }
        let name = "lectern-postgres-" + String(UInt(bitPattern: self.stableHash(state.path)), radix: 36)
        let fallback = URL(fileURLWithPath: "/var/tmp").appendingPathComponent(name)
        try FileManager.default.createDirectory(at: fallback, withIntermediateDirectories: true)
        try self.run("/bin/chown", [account, fallback.path])
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: fallback.path)
        return fallback
    }

    /// The same number for the same text in every process (FNV-1a, 64 bits).
    private static func stableHash(_ text: String) -> Int {
        Int(
            bitPattern: UInt(
                text.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }))
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.standardError
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CommandFailure(.other, "\(program) failed with \(process.terminationStatus)")
        }
    }
}

import CurlHTTP
import Foundation
import Logging
import Postgres
import ProcessBootstrap
import Schema

/// Every process of one Lectern on this machine, started in order and stopped in reverse.
struct Installation {
    let ports: PortPlan
    /// Where logs, data and the cluster live.
    let state: URL
    let book: URL
    /// The book that readers are served, of all that the database may hold.
    let slug: String
    private(set) var children: [ChildProcess] = []
    private(set) var databaseURL = ""
    private let http = HTTPClient()

    init(ports: PortPlan, state: URL, book: URL, slug: String) throws {
        self.ports = ports
        self.state = state
        self.book = book
        self.slug = slug
        for folder in ["logs", "run", "data"] {
            try FileManager.default.createDirectory(
                at: state.appendingPathComponent(folder), withIntermediateDirectories: true)
        }
    }

    var api: String { "http://127.0.0.1:\(self.ports[.api])" }

    /// Starts what is needed, each part once the ones below it answer.
    mutating func start(database given: String?) async throws {
        for name in ["postgres"] + ProcessRole.allCases.map(\.rawValue) {
            await ChildProcess.clearStale(pidFile: self.pidFile(name), named: name)
        }
        try self.refuseBusyPorts(embeddedDatabase: given == nil)
        if let given {
            self.databaseURL = given
        } else {
            try await self.startPostgres()
        }
        try await self.migrate()
        try await self.start([.storage, .vectordal], environment: [:])
        let mcp = [
            "DATABASE_URL": self.databaseURL,
            "LECTERN_BOOK": self.slug,
            "DATABASE_DIRECT_URL": ProcessInfo.processInfo.environment["DATABASE_DIRECT_URL"] ?? self.databaseURL,
            "MCP_STORAGE_URL": "http://127.0.0.1:\(self.ports[.storage])/sse",
            "MCP_VECTOR_URL": "http://127.0.0.1:\(self.ports[.vectordal])/sse",
        ]
        try await self.start([.api, .syncWorker, .embedWorker, .personalizeWorker], environment: mcp)
    }

    /// Stops everything, the database last.
    func stop() async {
        let (servers, others) = (
            self.children.filter { $0.name == "postgres" }, self.children.filter { $0.name != "postgres" }
        )
        // The workers hand in their work while the API and the MCP servers still answer.
        for group in [
            others.filter { $0.name.hasSuffix("-worker") }, others.filter { !$0.name.hasSuffix("-worker") },
        ] {
            await withTaskGroup(of: Void.self) { tasks in
                for child in group { tasks.addTask { await child.stop(patience: .seconds(40)) } }
            }
        }
        for server in servers { await server.stop(signal: SIGINT, patience: .seconds(30)) }
    }

    /// Throws when a child has ended that should be running.
    func requireAllRunning() throws {
        if let ended = self.children.first(where: { !$0.isRunning }) {
            throw CommandFailure(
                .other, "\(ended.name) ended with \(ended.exitCode); see \(self.log(ended.name).path)")
        }
    }

    private mutating func startPostgres() async throws {
        let cluster = try EmbeddedPostgres.prepare(state: self.state, port: self.ports.postgres)
        let (executable, arguments) = cluster.launch
        let child = try ChildProcess(
            name: "postgres", executable: executable, arguments: arguments, environment: [:],
            log: self.log("postgres"), pidFile: self.pidFile("postgres"))
        self.children.append(child)
        try await cluster.waitAndCreate(database: "lectern", child: child, log: self.log("postgres"))
        self.databaseURL = cluster.url(database: "lectern")
        Terminal.say("PostgreSQL answers on port \(self.ports.postgres)")
    }

    private func migrate() async throws {
        var configuration = PostgresConfiguration(url: self.databaseURL)
        configuration.maximumConnections = 1
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "lectern"))
        do {
            let migrator = Migrator(
                database: client, migrations: try Migration.bundled(), logger: Logger(label: "lectern"))
            let applied = try await migrator.up()
            if !applied.isEmpty { Terminal.say("applied \(applied.count) migrations") }
            await client.close()
        } catch {
            await client.close()
            throw CommandFailure(.permanent, "the database cannot be migrated: \(error)")
        }
    }

    private mutating func start(_ roles: [ProcessRole], environment: [String: String]) async throws {
        for role in roles {
            var arguments = ["--host", "127.0.0.1", "--port", "\(self.ports[role])"]
            if role == .storage || role == .vectordal {
                arguments += ["--data", self.state.appendingPathComponent("data/\(role.rawValue)").path]
            }
            self.children.append(
                try ChildProcess(
                    name: role.rawValue, executable: try Self.sibling(role.rawValue), arguments: arguments,
                    environment: environment, log: self.log(role.rawValue), pidFile: self.pidFile(role.rawValue)))
        }
        for role in roles {
            try await self.waitUntilReady(role)
            Terminal.say("\(role.rawValue) answers on port \(self.ports[role])")
        }
    }

    private func waitUntilReady(_ role: ProcessRole) async throws {
        let request = HTTPClientRequest(
            url: "http://127.0.0.1:\(self.ports[role])/readyz", timeout: .seconds(2))
        let deadline = ContinuousClock().now + .seconds(30)
        while true {
            try self.requireAllRunning()
            // Refused until the process listens, and 503 until it can work.
            if let answer = try? await self.http.execute(request), answer.status == 200 { return }
            guard ContinuousClock().now < deadline else {
                throw CommandFailure(
                    .other, "\(role.rawValue) is not ready after 30 s; see \(self.log(role.rawValue).path)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func refuseBusyPorts(embeddedDatabase: Bool) throws {
        for (name, port) in self.ports.all where embeddedDatabase || name != "PostgreSQL" {
            guard LocalPort.isFree(port) else {
                throw CommandFailure(
                    .other, "port \(port) for \(name) is in use; choose others with --port-offset N")
            }
        }
    }

    private func log(_ name: String) -> URL { self.state.appendingPathComponent("logs/\(name).log") }

    private func pidFile(_ name: String) -> URL { self.state.appendingPathComponent("run/\(name).pid") }

    /// An executable that was built with this one.
    private static func sibling(_ name: String) throws -> URL {
        let here = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let url = here.appendingPathComponent(name)
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw CommandFailure(.other, "\(url.path) is missing; build all products with swift build")
        }
        return url
    }
}

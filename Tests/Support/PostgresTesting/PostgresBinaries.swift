import Foundation

/// Where the server's programs are.
public struct PostgresBinaries: Sendable {
    /// The folder with `initdb` and `postgres`.
    public let folder: String

    /// `LECTERN_PG_BIN`, the newest version under `/usr/lib/postgresql`, or what `pg_config` says, in that order.
    public static func find() async throws -> PostgresBinaries {
        var candidates: [String] = []
        if let named = ProcessInfo.processInfo.environment["LECTERN_PG_BIN"] { candidates.append(named) }
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        for version in versions.compactMap({ Int($0) }).sorted(by: >) { candidates.append("\(root)/\(version)/bin") }
        for config in ["/usr/bin/pg_config", "/usr/local/bin/pg_config"] {
            guard FileManager.default.isExecutableFile(atPath: config) else { continue }
            candidates.append(try await ChildProcess.output(of: [config, "--bindir"]))
        }
        for folder in candidates where FileManager.default.isExecutableFile(atPath: "\(folder)/initdb") {
            return PostgresBinaries(folder: folder)
        }
        throw PostgresTestingError("no PostgreSQL server programs found; set LECTERN_PG_BIN")
    }

    func path(of program: String) -> String { "\(self.folder)/\(program)" }
}

/// What went wrong while a test's server was prepared.
public struct PostgresTestingError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

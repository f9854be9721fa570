import Foundation

/// One step of the schema, as its files say.
public struct Migration: Hashable, Sendable {
    /// 1, 2, 3 … without gaps.
    public var version: Int
    public var name: String
    public var up: String
    public var down: String

    public init(version: Int, name: String, up: String, down: String) {
        self.version = version
        self.name = name
        self.up = up
        self.down = down
    }
}

/// The files of the schema are not as they must be.
public struct MigrationFilesError: Error, CustomStringConvertible, Sendable {
    public let description: String
}

extension Migration {
    /// The migrations that this program was built with, in order.
    /// - Throws: ``MigrationFilesError`` when a version is missing, stands twice or has only one direction.
    public static func bundled() throws -> [Migration] {
        guard let folder = Bundle.module.url(forResource: "Migrations", withExtension: nil) else {
            throw MigrationFilesError(description: "the folder Migrations is missing beside the program")
        }
        var files: [String: String] = [:]
        for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where url.pathExtension == "sql" {
            files[url.lastPathComponent] = try String(contentsOf: url, encoding: .utf8)
        }
        return try Migration.ordered(files)
    }

    /// Pairs files named `NNNN_name.up.sql` and `NNNN_name.down.sql`.
    static func ordered(_ files: [String: String]) throws -> [Migration] {
        var migrations: [Migration] = []
        for (file, up) in files.sorted(by: { $0.key < $1.key }) where file.hasSuffix(".up.sql") {
            let stem = String(file.dropLast(".up.sql".count))
            guard let separator = stem.firstIndex(of: "_"), let version = Int(stem[..<separator]) else {
                throw MigrationFilesError(description: "\(file): the name is not NNNN_name.up.sql")
            }
            guard let down = files[stem + ".down.sql"] else {
                throw MigrationFilesError(description: "\(stem).down.sql is missing")
            }
            migrations.append(
                Migration(
                    version: version, name: String(stem[stem.index(after: separator)...]), up: up, down: down))
        }
        for (index, migration) in migrations.enumerated() where migration.version != index + 1 {
            throw MigrationFilesError(
                description: "migration \(migration.version) stands where \(index + 1) is expected")
        }
        return migrations
    }
}

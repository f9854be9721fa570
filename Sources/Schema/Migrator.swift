public import Logging
public import Postgres

/// Brings a database's schema up to the program's, or back.
public struct Migrator: Sendable {
    /// What the database says of one version.
    public struct Status: Sendable, Hashable {
        public var version: Int
        public var name: String
        /// RFC 3339; `nil` when the migration is still to come.
        public var appliedAt: String?
    }

    public struct Failure: Error, CustomStringConvertible, Sendable {
        public enum Code: Sendable, Hashable {
            /// The database was migrated by a newer program: this one must not touch it.
            case newerSchema
            /// A migration is still to be applied.
            case olderSchema
            case failed
        }

        public let code: Code
        public let description: String
    }

    private let database: PostgresClient
    private let migrations: [Migration]
    private let logger: Logger

    /// - Parameter migrations: in order, versions 1…n.
    public init(database: PostgresClient, migrations: [Migration], logger: Logger) {
        self.database = database
        self.migrations = migrations
        self.logger = logger
    }

    /// The newest version this program knows.
    public var latestVersion: Int { self.migrations.last?.version ?? 0 }

    /// Every known version, and every newer one that the database has.
    public func status() async throws -> [Status] {
        let applied = try await self.applied(in: self.database)
        var statuses = self.migrations.map {
            Status(version: $0.version, name: $0.name, appliedAt: applied[$0.version]?.appliedAt)
        }
        for (version, row) in applied.sorted(by: { $0.key < $1.key }) where version > self.latestVersion {
            statuses.append(Status(version: version, name: row.name, appliedAt: row.appliedAt))
        }
        return statuses
    }

    /// The migrations that ``up(to:)`` would apply.
    public func pending() async throws -> [Migration] {
        let applied = try await self.applied(in: self.database)
        try self.refuseNewer(applied.keys.max() ?? 0)
        return self.migrations.filter { applied[$0.version] == nil }
    }

    /// Whether everything this program knows is there. What a newer program added does not matter.
    public func isApplied() async throws -> Bool {
        let applied = try await self.applied(in: self.database)
        return self.migrations.allSatisfy { applied[$0.version] != nil }
    }

    /// Throws unless the schema is the one this program was built for.
    public func requireCurrent() async throws {
        let pending = try await self.pending()
        guard pending.isEmpty else {
            throw Failure(
                code: .olderSchema,
                description: "the database lacks migration \(pending[0].version)_\(pending[0].name); "
                    + "run `lectern migrate up`")
        }
    }

    /// Applies what is missing, each migration in a transaction of its own, one process at a time.
    /// - Returns: the versions applied.
    @discardableResult
    public func up(to target: Int? = nil) async throws -> [Int] {
        try await self.prepare()
        var done: [Int] = []
        for migration in self.migrations where migration.version <= target ?? .max {
            let isApplied = try await self.database.withTransaction(timeout: .seconds(600)) { transaction in
                try await self.lock(transaction)
                let applied = try await self.applied(in: transaction)
                try self.refuseNewer(applied.keys.max() ?? 0)
                guard applied[migration.version] == nil else { return false }
                try await self.run(migration.up, of: migration, in: transaction)
                _ = try await transaction.execute(
                    """
                    INSERT INTO lectern.schema_migration (version, name)
                    VALUES (\(migration.version), \(migration.name))
                    """)
                return true
            }
            if isApplied {
                self.logger.info(
                    "migrated", metadata: ["version": "\(migration.version)", "name": "\(migration.name)"])
                done.append(migration.version)
            }
        }
        return done
    }

    /// Takes back every version above `target`, the newest first.
    /// - Returns: the versions taken back.
    @discardableResult
    public func down(to target: Int) async throws -> [Int] {
        try await self.prepare()
        var done: [Int] = []
        for migration in self.migrations.reversed() where migration.version > target {
            let isReverted = try await self.database.withTransaction(timeout: .seconds(600)) { transaction in
                try await self.lock(transaction)
                let applied = try await self.applied(in: transaction)
                try self.refuseNewer(applied.keys.max() ?? 0)
                guard applied[migration.version] != nil else { return false }
                try await self.run(migration.down, of: migration, in: transaction)
                _ = try await transaction.execute(
                    "DELETE FROM lectern.schema_migration WHERE version = \(migration.version)")
                return true
            }
            if isReverted { done.append(migration.version) }
        }
        return done
    }

    private func run(_ script: String, of migration: Migration, in transaction: PostgresConnection) async throws {
        do {
            try await transaction.runScript(script, timeout: .seconds(600))
        } catch let error as PostgresError {
            throw Failure(
                code: .failed,
                description: "migration \(migration.version)_\(migration.name) failed and changed nothing: \(error)")
        }
    }

    /// Makes the table that remembers; two programs may start at the same time.
    private func prepare() async throws {
        try await self.database.withTransaction(timeout: .seconds(600)) { transaction in
            try await self.lock(transaction)
            _ = try await transaction.execute("CREATE SCHEMA IF NOT EXISTS lectern")
            _ = try await transaction.execute(
                """
                CREATE TABLE IF NOT EXISTS lectern.schema_migration (
                  version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """)
        }
    }

    /// One migrating process at a time; the lock ends with the transaction, so it works through a pooler.
    private func lock(_ transaction: PostgresConnection) async throws {
        _ = try await transaction.query(
            "SELECT pg_advisory_xact_lock(hashtextextended('lectern.schema_migration', 0))")
    }

    private func applied(in session: some PostgresSession) async throws -> [Int: (name: String, appliedAt: String)] {
        let table = try await session.query(
            "SELECT to_regclass('lectern.schema_migration') IS NOT NULL AS present")
        guard try table.first?.decode("present", as: Bool.self) == true else { return [:] }
        let rows = try await session.query(
            """
            SELECT version, name, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS applied_at
            FROM lectern.schema_migration
            """)
        var applied: [Int: (name: String, appliedAt: String)] = [:]
        for row in rows {
            applied[try row.decode("version", as: Int.self)] = (
                try row.decode("name", as: String.self), try row.decode("applied_at", as: String.self)
            )
        }
        return applied
    }

    private func refuseNewer(_ version: Int) throws {
        guard version > self.latestVersion else { return }
        throw Failure(
            code: .newerSchema,
            description: "the database is at schema version \(version), this program knows \(self.latestVersion); "
                + "use the newer program")
    }
}

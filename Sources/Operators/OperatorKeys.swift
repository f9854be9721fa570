public import Postgres

/// The keys of operators and of programs that act for them.
///
/// Errors are those of the database.
public struct OperatorKeys: Sendable {
    private static let prefix = "lectern_"
    private static let patience: Duration = .seconds(5)

    private let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// Makes a key. Its secret is in the answer and nowhere else.
    ///
    /// - Parameters:
    ///   - name: 1 to 100 characters: who or what will use it.
    ///   - lifetime: until it opens nothing any more; `nil` for no end.
    public func issue(
        name: String, role: OperatorRole, lifetime: Duration?, by creator: Operator,
        using generator: inout some RandomNumberGenerator
    ) async throws -> IssuedOperatorKey {
        let secret = Secret(using: &generator)
        let row = try await self.database.queryOne(
            """
            INSERT INTO lectern.operator_key (name, role, secret_hash, created_by, expires_at)
            VALUES (\(name), \(role.rawValue), \(secret.hash), \(creator.name),
                    now() + \(lifetime)::interval)
            RETURNING *
            """, timeout: Self.patience)
        guard let row else {
            throw PostgresError(code: .unexpectedAnswer, message: "an insert of a key was not answered")
        }
        let key = try OperatorKey(row)
        return IssuedOperatorKey(key: key, token: "\(Self.prefix)\(key.id)_\(secret.text)")
    }

    /// Every key, the newest first, those that open nothing any more among them.
    public func list() async throws -> [OperatorKey] {
        try await self.database.query(
            "SELECT * FROM lectern.operator_key ORDER BY id DESC LIMIT 1000", timeout: Self.patience
        ).map(OperatorKey.init)
    }

    /// Ends a key and every session that began with it. False when there is no such key, or it had been revoked.
    public func revoke(_ id: Int64) async throws -> Bool {
        try await self.database.queryOne(
            """
            WITH gone AS (DELETE FROM lectern.operator_session WHERE key_id = \(id))
            UPDATE lectern.operator_key SET revoked_at = now() WHERE id = \(id) AND revoked_at IS NULL RETURNING id
            """, timeout: Self.patience) != nil
    }

    /// Whom a token belongs to; `nil` for one that opens nothing.
    public func owner(of token: some StringProtocol) async throws -> (operator: Operator, keyID: Int64)? {
        guard let (id, secret) = Self.parts(of: token) else { return nil }
        // Writes at most once a minute for each key.
        let row = try await self.database.queryOne(
            """
            WITH key AS (
              SELECT id, name, role, last_used_at FROM lectern.operator_key
              WHERE id = \(id) AND secret_hash = \(Secret.hash(of: secret)) AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > now())
            ), used AS (
              UPDATE lectern.operator_key k SET last_used_at = date_trunc('minute', now()) FROM key
              WHERE k.id = key.id AND (key.last_used_at IS NULL OR key.last_used_at < date_trunc('minute', now()))
            )
            SELECT id, name, role FROM key
            """, timeout: Self.patience)
        guard let row else { return nil }
        let name: String = try row.decode("name")
        return (Operator(name: "key \(id) (\(name))", role: try row.decode("role")), id)
    }

    /// Whether this looks like one of these keys at all.
    public static func isKey(_ token: some StringProtocol) -> Bool { self.parts(of: token) != nil }

    private static func parts(of token: some StringProtocol) -> (id: Int64, secret: Substring)? {
        guard token.utf8.count <= 100, token.hasPrefix(Self.prefix) else { return nil }
        let parts = Substring(token.dropFirst(Self.prefix.count)).split(
            separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = Int64(parts[0]), parts[1].utf8.count == 64 else { return nil }
        return (id, parts[1])
    }
}

extension OperatorKey {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode("id"), name: try row.decode("name"), role: try row.decode("role"),
            createdAt: try row.decode("created_at"), createdBy: try row.decode("created_by"),
            expiresAt: try row.decode("expires_at"), revokedAt: try row.decode("revoked_at"),
            lastUsedAt: try row.decode("last_used_at"))
    }
}

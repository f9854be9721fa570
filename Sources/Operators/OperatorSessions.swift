public import Postgres

/// Browsers that signed in to the console.
public struct OperatorSessions: Sendable {
    /// How long a browser stays signed in.
    public static let lifetime: Duration = .seconds(12 * 3_600)
    private static let patience: Duration = .seconds(5)

    private let database: PostgresClient

    public init(database: PostgresClient) {
        self.database = database
    }

    /// Begins a session and answers its secret, for a cookie. Sessions that are over are forgotten on the way.
    ///
    /// - Parameter keyID: the key that it ends with; `nil` for one that stands on the token in the settings.
    public func begin(
        _ owner: Operator, keyID: Int64?, using generator: inout some RandomNumberGenerator
    ) async throws -> String {
        let secret = Secret(using: &generator)
        try await self.database.execute(
            """
            WITH over AS (DELETE FROM lectern.operator_session WHERE expires_at <= now())
            INSERT INTO lectern.operator_session (secret_hash, key_id, name, role, expires_at)
            VALUES (\(secret.hash), \(keyID), \(owner.name), \(owner.role.rawValue),
                    now() + \(Self.lifetime)::interval)
            """, timeout: Self.patience)
        return secret.text
    }

    /// Whose session this is; `nil` when it is over or never was.
    public func owner(of secret: some StringProtocol) async throws -> Operator? {
        guard secret.utf8.count == 64 else { return nil }
        let row = try await self.database.queryOne(
            """
            SELECT s.name, s.role FROM lectern.operator_session s LEFT JOIN lectern.operator_key k ON k.id = s.key_id
            WHERE s.secret_hash = \(Secret.hash(of: secret)) AND s.expires_at > now()
              AND (s.key_id IS NULL OR (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))
            """, timeout: Self.patience)
        return try row.map { Operator(name: try $0.decode("name"), role: try $0.decode("role")) }
    }

    /// Ends a session.
    public func end(_ secret: some StringProtocol) async throws {
        try await self.database.execute(
            "DELETE FROM lectern.operator_session WHERE secret_hash = \(Secret.hash(of: secret))",
            timeout: Self.patience)
    }
}

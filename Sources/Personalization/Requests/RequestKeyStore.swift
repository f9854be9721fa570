import ContentHashing
public import FoundationEssentials
public import Learners
public import Postgres

/// Idempotency keys of requests (draft-ietf-httpapi-idempotency-key-header).
///
/// Asking for a lesson is idempotent by itself: whoever asks again joins the operation or reads its text. So no answer
/// is stored. What is remembered for a day is the request's fingerprint and the operation it was answered with, and a
/// repeated request is answered from that operation's present state: it never starts a second one, also where the text
/// was cleared or the answers changed meanwhile. Only accepted requests are remembered; one that was refused may be
/// corrected and sent again under its key.
public struct RequestKeyStore: Sendable {
    /// What may be asked under a key.
    public struct Fingerprint: Hashable, Sendable {
        let hex: String

        /// A fingerprint of a request.
        /// - Parameter fields: the body's members in a fixed order, `nil` where one is missing.
        public init(method: String, path: String, fields: [(name: String, value: String?)]) {
            let present = fields.compactMap { field in field.value.map { (field.name, $0) } }
            let parts = [method, path] + present.flatMap { [$0.0, $0.1] }
            // Lengths before the parts: no two requests give the same bytes.
            self.hex = SHA256Hex.of(parts.map { "\($0.utf8.count):\($0)" }.joined())
        }
    }

    /// The right to answer under a key, held by one request.
    public struct Claim: Hashable, Sendable {
        let keyHash: String
        let id: UUID
    }

    /// What is known of a key.
    public enum Finding: Hashable, Sendable {
        /// Nobody used it; the request is to be carried out.
        case claimed(Claim)
        /// Another request holds it and has not answered.
        case inProgress
        /// It was used for another request.
        case otherRequest
        /// It was answered with this operation; `nil` where the text was there at once.
        case answered(operation: UUID?)
    }

    /// How long an answer is remembered.
    public static let lifetime: Duration = .seconds(86_400)
    /// How long a request may hold a key without answering; after a crash the key is free again then.
    public static let patience: Duration = .seconds(90)

    private let database: PostgresClient
    private let makeClaimID: @Sendable () -> UUID

    /// A store over the shared client.
    /// - Parameter makeClaimID: ids of claims; random unless a test wants them known.
    public init(database: PostgresClient, makeClaimID: @escaping @Sendable () -> UUID = { UUID() }) {
        self.database = database
        self.makeClaimID = makeClaimID
    }

    /// Claims a key, or says what became of it.
    public func claim(_ key: String, of learner: LearnerID, for fingerprint: Fingerprint) async throws -> Finding {
        let claim = Claim(
            keyHash: SHA256Hex.of("\(learner.text):\(key)"), id: self.makeClaimID())
        // A further round means that the row went between the two statements.
        for _ in 0..<5 {
            let claimed = try await self.database.execute(
                """
                INSERT INTO lectern.request_key AS k (key_hash, fingerprint, claim, expires_at)
                VALUES (\(claim.keyHash), \(fingerprint.hex), \(claim.id),
                        now() + \(Self.patience.components.seconds) * interval '1 second')
                ON CONFLICT (key_hash) DO UPDATE SET fingerprint = excluded.fingerprint, claim = excluded.claim,
                    is_answered = false, operation_id = NULL, expires_at = excluded.expires_at
                WHERE k.expires_at <= now()
                """)
            if claimed == 1 { return .claimed(claim) }
            let row = try await self.database.queryOne(
                """
                SELECT fingerprint, is_answered, operation_id FROM lectern.request_key
                WHERE key_hash = \(claim.keyHash) AND expires_at > now()
                """)
            guard let row else { continue }
            guard try row.decode("fingerprint", as: String.self) == fingerprint.hex else { return .otherRequest }
            guard try row.decode("is_answered", as: Bool.self) else { return .inProgress }
            return .answered(operation: try row.decode("operation_id", as: UUID?.self))
        }
        return .inProgress
    }

    /// Remembers what the request was answered with.
    public func answer(_ claim: Claim, operation: UUID?) async throws {
        _ = try await self.database.execute(
            """
            UPDATE lectern.request_key SET is_answered = true, operation_id = \(operation as UUID?),
                expires_at = now() + \(Self.lifetime.components.seconds) * interval '1 second'
            WHERE key_hash = \(claim.keyHash) AND claim = \(claim.id)
            """)
    }

    /// Gives a key back whose request was refused.
    public func release(_ claim: Claim) async throws {
        _ = try await self.database.execute(
            """
            DELETE FROM lectern.request_key
            WHERE key_hash = \(claim.keyHash) AND claim = \(claim.id) AND NOT is_answered
            """)
    }
}

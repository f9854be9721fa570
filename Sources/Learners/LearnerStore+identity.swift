import FoundationEssentials
import Postgres

extension LearnerStore {
    /// The learner who signs in like this, or `nil`.
    public func learner(of identity: LearnerIdentity) async throws -> LearnerID? {
        let row = try await self.database.queryOne(
            "SELECT user_id FROM lectern.learner_identity WHERE identity = \(identity.fingerprint)")
        guard let row else { return nil }
        guard let id = LearnerID(try row.decode("user_id", as: UUID.self)) else {
            throw LearnerError(.corruptRow, "A stored user id is no UUID of version 4.")
        }
        return id
    }

    /// What is kept of the learner's sign-in; `nil` for one who is anonymous.
    public func keptIdentity(of id: LearnerID) async throws -> KeptIdentity? {
        let row = try await self.database.queryOne(
            "SELECT identity, created_at FROM lectern.learner_identity WHERE user_id = \(id.uuid)")
        return try row.map {
            KeptIdentity(fingerprint: try $0.decode("identity"), createdAt: try $0.decode("created_at"))
        }
    }

    /// Makes an account for who signs in like this. Where the id is that of a learner for whom nobody signs in yet,
    /// the account is taken over as it is: who knows the id of an anonymous learner is that learner.
    /// - Throws: ``LearnerError`` with `alreadyExists` when somebody signs in for this id, or the identity has another.
    public func create(_ id: LearnerID, for identity: LearnerIdentity) async throws -> Learner {
        try await self.database.withTransaction { transaction in
            try await transaction.execute(
                "INSERT INTO lectern.learner (id) VALUES (\(id.uuid)) ON CONFLICT (id) DO NOTHING")
            // Two requests at a time wait for each other here, and the later one inserts nothing.
            let bound = try await transaction.execute(
                """
                INSERT INTO lectern.learner_identity (identity, user_id)
                SELECT \(identity.fingerprint), id FROM lectern.learner WHERE id = \(id.uuid)
                ON CONFLICT DO NOTHING
                """)
            guard bound == 1, let learner = try await Self.learner(id, in: transaction) else {
                throw LearnerError(.alreadyExists, "A user with this id, or for this sign-in, exists.")
            }
            return learner
        }
    }
}

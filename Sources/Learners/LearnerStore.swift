import FoundationEssentials
public import Postgres

/// The learners' rows and the only SQL that writes them.
///
/// Statements of the database fail with the client's own error; a refusal by our rules is a ``LearnerError``.
public struct LearnerStore: Sendable {
    let database: PostgresClient

    /// A store over the shared client.
    public init(database: PostgresClient) {
        self.database = database
    }

    /// Makes an account.
    /// - Throws: ``LearnerError`` with `alreadyExists` when the id is taken.
    public func create(_ id: LearnerID) async throws -> Learner {
        let row = try await self.database.queryOne(
            """
            INSERT INTO lectern.learner (id) VALUES (\(id.uuid)) ON CONFLICT (id) DO NOTHING
            RETURNING id, created_at, updated_at, onboarding_completed
            """)
        guard let row else { throw LearnerError(.alreadyExists, "A user with this id exists.") }
        return try row.learner()
    }

    /// The account, or `nil`.
    public func learner(_ id: LearnerID) async throws -> Learner? {
        try await Self.learner(id, in: self.database)
    }

    static func learner(_ id: LearnerID, in session: some PostgresSession) async throws -> Learner? {
        try await session.queryOne(
            "SELECT id, created_at, updated_at, onboarding_completed FROM lectern.learner WHERE id = \(id.uuid)"
        )?.learner()
    }

    /// Removes an account with everything that belongs to it: answers, texts, operations, feedback and progress.
    /// - Returns: whether there was one.
    public func delete(_ id: LearnerID) async throws -> Bool {
        // Every table with a learner's rows goes by ON DELETE CASCADE.
        try await self.database.execute("DELETE FROM lectern.learner WHERE id = \(id.uuid)") == 1
    }

    /// Stores all answers and marks onboarding as completed; the same answers again change nothing.
    /// - Throws: ``LearnerError`` with `unknownLearner`.
    public func completeOnboarding(_ id: LearnerID, profile: LearnerProfile) async throws -> Preferences {
        try await self.database.withTransaction { transaction in
            // Locks the learner's row, so that two onboardings of one learner take turns.
            let learners = try await transaction.execute(
                """
                UPDATE lectern.learner SET onboarding_completed = true,
                    updated_at = CASE WHEN onboarding_completed THEN updated_at ELSE now() END
                WHERE id = \(id.uuid)
                """)
            guard learners == 1 else { throw LearnerError(.unknownLearner, "There is no such user.") }
            if let stored = try await Self.lockedPreferences(of: id, in: transaction) {
                return try await Self.store(profile, over: stored, in: transaction)
            }
            return try await Self.insert(profile, for: id, in: transaction)
        }
    }

    /// The answers, or `nil` for an unknown learner and for one who has not answered.
    public func preferences(_ id: LearnerID) async throws -> Preferences? {
        try await self.database.queryOne(
            "SELECT \(sql: Self.preferencesColumns) FROM lectern.preferences WHERE user_id = \(id.uuid)"
        )?.preferences()
    }

    /// Changes some answers. When the profile becomes another one, the learner's personalized lessons are deleted in
    /// the same transaction; when it stays the same, nothing is written.
    /// - Throws: ``LearnerError`` with `notOnboarded` or `preconditionFailed`.
    public func change(
        _ id: LearnerID, _ change: ProfileChange, ifMatch: IfMatch? = nil
    ) async throws -> Preferences {
        try await self.database.withTransaction { transaction in
            guard let stored = try await Self.lockedPreferences(of: id, in: transaction, ifMatch: ifMatch) else {
                // Nothing is stored, or another version than the caller knows: tell the two apart.
                if try await Self.lockedPreferences(of: id, in: transaction) == nil {
                    throw LearnerError(.notOnboarded, "There are no preferences of this user.")
                }
                throw LearnerError(.preconditionFailed, "The preferences were changed meanwhile; read them again.")
            }
            return try await Self.store(change.applied(to: stored.profile), over: stored, in: transaction)
        }
    }
}

extension LearnerStore {
    private static let preferencesColumns: SQL = """
        id, user_id, education_level, programming_experience, robotics_background, ai_ml_experience, learning_goals,
        preferred_language, preferences_hash, revision, created_at, updated_at
        """

    /// Locks the learner's preferences row until the transaction ends: a request for personalization takes the same
    /// row `FOR SHARE`, so it never files a lesson under answers that are changing.
    private static func lockedPreferences(
        of id: LearnerID, in session: some PostgresSession, ifMatch: IfMatch? = nil
    ) async throws -> Preferences? {
        let condition: SQL =
            switch ifMatch {
            case nil, .any: ""
            case .tags(let tags): "AND '\"' || preferences_hash || '-' || revision || '\"' = ANY (\(tags))"
            }
        return try await session.queryOne(
            """
            SELECT \(sql: self.preferencesColumns) FROM lectern.preferences
            WHERE user_id = \(id.uuid) \(sql: condition) FOR UPDATE
            """
        )?.preferences()
    }

    private static func insert(
        _ profile: LearnerProfile, for id: LearnerID, in session: some PostgresSession
    ) async throws -> Preferences {
        try await session.query(
            """
            INSERT INTO lectern.preferences (user_id, education_level, programming_experience, robotics_background,
                ai_ml_experience, learning_goals, preferred_language, preferences_hash)
            VALUES (\(id.uuid), \(profile.educationLevel.rawValue), \(profile.programmingExperience.rawValue),
                \(profile.roboticsBackground), \(profile.aiMLExperience.rawValue),
                \(profile.orderedGoals.map(\.rawValue)), \(profile.preferredLanguage.rawValue),
                \(profile.preferencesHash))
            RETURNING \(sql: self.preferencesColumns)
            """
        ).single().preferences()
    }

    private static func store(
        _ profile: LearnerProfile, over stored: Preferences, in session: some PostgresSession
    ) async throws -> Preferences {
        guard profile.preferencesHash != stored.preferencesHash else { return stored }
        let changed = try await session.query(
            """
            UPDATE lectern.preferences SET education_level = \(profile.educationLevel.rawValue),
                programming_experience = \(profile.programmingExperience.rawValue),
                robotics_background = \(profile.roboticsBackground),
                ai_ml_experience = \(profile.aiMLExperience.rawValue),
                learning_goals = \(profile.orderedGoals.map(\.rawValue)),
                preferred_language = \(profile.preferredLanguage.rawValue),
                preferences_hash = \(profile.preferencesHash), revision = revision + 1, updated_at = now()
            WHERE user_id = \(stored.userID.uuid)
            RETURNING \(sql: self.preferencesColumns)
            """
        ).single().preferences()
        // Lessons written for the former answers can no longer be reached by their key; they go with the change.
        _ = try await session.execute(
            "DELETE FROM lectern.personalized_lesson WHERE user_id = \(stored.userID.uuid)")
        return changed
    }
}

extension [PostgresRow] {
    /// The one row that an `INSERT … RETURNING` of one row gives.
    fileprivate func single() throws -> PostgresRow {
        guard let row = self.first, self.count == 1 else {
            throw LearnerError(.corruptRow, "A write returned \(self.count) rows instead of one.")
        }
        return row
    }
}

extension PostgresRow {
    fileprivate func learnerID(_ column: String) throws -> LearnerID {
        guard let id = LearnerID(try self.decode(column, as: UUID.self)) else {
            throw LearnerError(.corruptRow, "A stored user id is no UUID of version 4.")
        }
        return id
    }

    fileprivate func learner() throws -> Learner {
        Learner(
            id: try self.learnerID("id"),
            createdAt: try self.decode("created_at"),
            updatedAt: try self.decode("updated_at"),
            onboardingCompleted: try self.decode("onboarding_completed"))
    }

    fileprivate func preferences() throws -> Preferences {
        Preferences(
            id: try self.decode("id"),
            userID: try self.learnerID("user_id"),
            profile: try self.profile(),
            preferencesHash: try self.decode("preferences_hash"),
            revision: try self.decode("revision"),
            createdAt: try self.decode("created_at"),
            updatedAt: try self.decode("updated_at"))
    }
}

extension PostgresRow {
    /// The six fields of a row that holds them under the contract's names.
    package func profile() throws -> LearnerProfile {
        LearnerProfile(
            educationLevel: try self.word(.educationLevel),
            programmingExperience: try self.word(.programmingExperience),
            roboticsBackground: try self.decode(ProfileField.roboticsBackground.rawValue),
            aiMLExperience: try self.word(.aiMLExperience),
            learningGoals: Set(
                try self.decode(ProfileField.learningGoals.rawValue, as: [String].self).map {
                    try Self.word($0, of: .learningGoals)
                }),
            preferredLanguage: try self.word(.preferredLanguage))
    }

    private func word<Word: RawRepresentable>(_ field: ProfileField) throws -> Word where Word.RawValue == String {
        try Self.word(try self.decode(field.rawValue, as: String.self), of: field)
    }

    private static func word<Word: RawRepresentable>(
        _ text: String, of field: ProfileField
    ) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            throw LearnerError(.corruptRow, "A stored value of \(field.rawValue) is unknown.")
        }
        return word
    }
}

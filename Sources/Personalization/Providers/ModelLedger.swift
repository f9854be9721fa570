public import FoundationEssentials
public import Postgres

/// The ledger of the whole fleet: `lectern.model_attempt` and its daily sums, `lectern.model_spend`.
public struct ModelLedger: AttemptLedger {
    let database: PostgresClient

    /// A ledger in a migrated database.
    public init(database: PostgresClient) {
        self.database = database
    }

    public func record(_ attempt: ModelAttempt) async throws -> Int64? {
        // The sums are met in one order by everybody, so that no two attempts wait for each other.
        try await self.database.queryOne(
            """
            WITH attempt AS (
                INSERT INTO lectern.model_attempt (provider, model, purpose, lesson_slug, generation_key, job_id, payer,
                    outcome, prompt_tokens, completion_tokens, is_estimated, cost_micros, duration_ms)
                VALUES (\(attempt.provider), \(attempt.model), \(attempt.purpose), \(attempt.lessonSlug as String?),
                    \(attempt.generationKey as String?), \(attempt.jobID as Int64?), \(attempt.payer as String?),
                    \(attempt.outcome.rawValue), \(Int32(clamping: attempt.promptTokens)),
                    \(Int32(clamping: attempt.completionTokens)), \(attempt.isEstimated), \(attempt.costMicros),
                    \(attempt.milliseconds))
                RETURNING id, at, cost_micros, prompt_tokens::int8 + completion_tokens AS tokens
            ), spend AS (
                INSERT INTO lectern.model_spend AS s (day, scope, cost_micros, tokens, attempts)
                SELECT (a.at AT TIME ZONE 'UTC')::date, u.scope, a.cost_micros, a.tokens, 1
                FROM attempt a CROSS JOIN unnest(\(attempt.scopes)) AS u (scope) ORDER BY u.scope COLLATE "C"
                ON CONFLICT (day, scope) DO UPDATE SET cost_micros = s.cost_micros + excluded.cost_micros,
                    tokens = s.tokens + excluded.tokens, attempts = s.attempts + excluded.attempts
            )
            SELECT id FROM attempt
            """, timeout: .seconds(5)
        )?.decode("id")
    }

    public func spentToday(_ scopes: [String]) async throws -> [String: Int64] {
        let rows = try await self.database.query(
            """
            SELECT scope, cost_micros FROM lectern.model_spend
            WHERE day = (now() AT TIME ZONE 'UTC')::date AND scope = ANY (\(scopes))
            """, timeout: .seconds(5))
        return try rows.reduce(into: [:]) { sums, row in
            sums[try row.decode("scope", as: String.self)] = try row.decode("cost_micros", as: Int64.self)
        }
    }

    public func note(failedChecks: [String], of attempt: Int64) async throws {
        _ = try await self.database.execute(
            "UPDATE lectern.model_attempt SET failed_checks = \(failedChecks) WHERE id = \(attempt)",
            timeout: .seconds(5))
    }

    /// Deletes a portion of the attempts, and all sums, that are older than `moment`. Answers how many attempts went;
    /// fewer than `portion` means that none is left.
    @discardableResult
    public func prune(before moment: Date, portion: Int = 5_000) async throws -> Int {
        _ = try await self.database.execute(
            "DELETE FROM lectern.model_spend WHERE day < (\(moment) AT TIME ZONE 'UTC')::date")
        return try await self.database.execute(
            """
            DELETE FROM lectern.model_attempt WHERE id IN (
                SELECT id FROM lectern.model_attempt WHERE at < \(moment) ORDER BY at LIMIT \(Int64(portion))
                FOR UPDATE SKIP LOCKED)
            """, timeout: .seconds(60))
    }
}

public import FoundationEssentials
import Postgres

extension ModelLedger {
    /// What a summary tells apart.
    public enum Grouping: String, Hashable, Sendable, CaseIterable {
        case day, provider, model
    }

    /// The attempts of one group in numbers.
    public struct Summary: Hashable, Sendable {
        /// The day in UTC, `2026-01-31`; `nil` where days are not told apart, and so are the next two.
        public var day: String?
        public var provider: String?
        public var model: String?
        public var attempts: Int
        /// Attempts without an answer.
        public var failures: Int
        /// Answers that broke a check.
        public var rejectedAnswers: Int
        public var promptTokens: Int64
        public var completionTokens: Int64
        /// In millionths of a US dollar.
        public var costMicros: Int64
        /// The mean time of an attempt that was answered; `nil` where none was.
        public var meanMilliseconds: Double?
    }

    /// The attempts from `start` up to, not including, `end`, by day, provider and model in this order.
    public func summary(from start: Date, to end: Date, by grouping: Set<Grouping>) async throws -> [Summary] {
        let rows = try await self.database.query(
            """
            SELECT CASE WHEN \(grouping.contains(.day)) THEN (at AT TIME ZONE 'UTC')::date::text END AS day,
                CASE WHEN \(grouping.contains(.provider)) THEN provider END AS provider,
                CASE WHEN \(grouping.contains(.model)) THEN model END AS model,
                count(*) AS attempts, count(*) FILTER (WHERE outcome <> 'ok') AS failures,
                count(*) FILTER (WHERE failed_checks <> '{}') AS rejected,
                sum(prompt_tokens)::int8 AS prompt_tokens, sum(completion_tokens)::int8 AS completion_tokens,
                sum(cost_micros)::int8 AS cost_micros,
                (avg(duration_ms) FILTER (WHERE outcome = 'ok'))::float8 AS mean_ms
            FROM lectern.model_attempt WHERE at >= \(start) AND at < \(end)
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """)
        return try rows.map { row in
            Summary(
                day: try row.decode("day", as: String?.self), provider: try row.decode("provider", as: String?.self),
                model: try row.decode("model", as: String?.self), attempts: try row.decode("attempts"),
                failures: try row.decode("failures"), rejectedAnswers: try row.decode("rejected"),
                promptTokens: try row.decode("prompt_tokens"), completionTokens: try row.decode("completion_tokens"),
                costMicros: try row.decode("cost_micros"),
                meanMilliseconds: try row.decode("mean_ms", as: Double?.self))
        }
    }
}

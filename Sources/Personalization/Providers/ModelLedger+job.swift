public import FoundationEssentials
import Postgres

extension ModelLedger {
    /// What one job asked of language models.
    public struct JobCost: Hashable, Sendable {
        /// Requests that were sent, failed ones too.
        public var attempts: Int
        public var promptTokens: Int64
        public var completionTokens: Int64
        /// In millionths of a US dollar.
        public var costMicros: Int64
    }

    /// What a job has cost; `nil` when it asked no model.
    ///
    /// - Parameters:
    ///   - job: its number.
    ///   - begin: when it was accepted.
    ///   - end: when it was over; `nil` while it is not.
    public func cost(ofJob job: Int64, from begin: Date, to end: Date?) async throws -> JobCost? {
        // A range of the index on the time; the last write of a job may come after its end.
        let row = try await self.database.queryOne(
            """
            SELECT count(*) AS attempts, coalesce(sum(prompt_tokens), 0)::int8 AS prompt_tokens,
                   coalesce(sum(completion_tokens), 0)::int8 AS completion_tokens,
                   coalesce(sum(cost_micros), 0)::int8 AS cost_micros
            FROM lectern.model_attempt
            WHERE at >= \(begin) AND at <= coalesce(\(end)::timestamptz + interval '1 minute', now()) AND job_id = \(job)
            """, timeout: .seconds(5))
        guard let row, try row.decode("attempts", as: Int.self) > 0 else { return nil }
        return JobCost(
            attempts: try row.decode("attempts"), promptTokens: try row.decode("prompt_tokens"),
            completionTokens: try row.decode("completion_tokens"), costMicros: try row.decode("cost_micros"))
    }
}

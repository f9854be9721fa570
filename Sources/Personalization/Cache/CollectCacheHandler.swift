public import JobQueue
public import JobQueuePostgres
public import PipelineJobs
import Postgres

/// Clears away personalized texts that nobody can reach, and the traces of jobs that are over.
public struct CollectCacheHandler: JobHandler {
    private let keeper: CacheKeeper

    /// A handler over a keeper.
    public init(_ keeper: CacheKeeper) {
        self.keeper = keeper
    }

    /// Performs one run; a run that was broken off is taken up by the next.
    public func perform(_ arguments: CollectCache, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        JobOutcome(result: try PostgresJSON(encoding: try await self.keeper.collect()).text)
    }
}

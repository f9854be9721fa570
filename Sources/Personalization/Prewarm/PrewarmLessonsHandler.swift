public import JobQueue
public import JobQueuePostgres
import Logging
public import PipelineJobs

/// Writes ahead what a publication changed, within a budget.
public struct PrewarmLessonsHandler: JobHandler {
    private let prewarmer: Prewarmer
    private let budget: Int

    /// - Parameter budget: the most tokens for one publication; 0 for none at all.
    public init(_ prewarmer: Prewarmer, budget: Int) {
        self.prewarmer = prewarmer
        self.budget = budget
    }

    /// Asks for the lessons. A run that is repeated finds those that were asked for, and joins them.
    public func perform(_ arguments: PrewarmLessons, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        guard self.budget > 0 else { return JobOutcome(result: #"{"steps":0}"#) }
        let forecast = try await self.prewarmer.forecast(.changes(release: arguments.releaseID), budget: self.budget)
        let jobs = try await self.prewarmer.enqueue(forecast, actor: "prewarm")
        context.logger.info(
            "lessons are written ahead",
            metadata: [
                "steps": "\(forecast.steps.count)", "asked_for": "\(jobs)", "tokens": "\(forecast.tokens)",
            ])
        return JobOutcome(
            result: #"{"steps":\#(forecast.steps.count),"jobs":\#(jobs),"tokens":\#(forecast.tokens)}"#)
    }
}

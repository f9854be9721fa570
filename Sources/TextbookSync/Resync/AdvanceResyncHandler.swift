public import JobQueue
public import JobQueuePostgres
public import PipelineJobs

/// Takes a resync to its next step when every job of the present one has ended.
public struct AdvanceResyncHandler: JobHandler {
    private let flow: ResyncFlow

    /// - Parameter recipe: lessons without an entry made by it are handed to the indexing.
    public init(recipe: IndexRecipe) {
        self.flow = ResyncFlow(recipe: recipe)
    }

    public func perform(_ arguments: AdvanceResync, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        JobOutcome { [flow] transaction in
            guard let standing = try await ResyncFlow.standing(arguments.resync, in: transaction) else { return }
            if let trouble = try await flow.trouble(standing, in: transaction) {
                let code = arguments.step == "storing" ? "not_stored" : "not_indexed"
                return try await ResyncFlow.fail(standing, code, trouble, in: transaction)
            }
            if arguments.step == "storing" {
                try await flow.index(standing, in: transaction)
            } else {
                try await flow.publish(standing, in: transaction)
            }
        }
    }
}

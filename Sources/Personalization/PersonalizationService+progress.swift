public import FoundationEssentials
public import Learners

extension PersonalizationService {
    /// How far an operation came. The text as a whole counts as one step, and no section is told apart.
    /// - Parameter learner: must be the owner; `nil` where the id alone opens the operation.
    /// - Throws: ``PersonalizationError`` with `unknownOperation`, also for another learner's.
    public func progress(
        _ id: UUID, of learner: LearnerID?, without known: Set<Int>
    ) async throws -> OperationProgress {
        var reader = learner
        if reader == nil { reader = try await self.owner(of: id) }
        guard let reader else { throw PersonalizationError(.unknownOperation, "There is no such operation.") }
        let operation = try await self.operation(id, of: reader)
        return OperationProgress(state: operation.state, failure: operation.failure)
    }
}

public import FoundationEssentials
public import Learners
import Postgres

extension PersonalizationService {
    /// Who asked under an operation; `nil` for an unknown one.
    public func owner(of id: UUID) async throws -> LearnerID? {
        let row = try await self.store.database.queryOne(
            "SELECT user_id FROM lectern.operation WHERE id = \(id)")
        return try row.flatMap { LearnerID(try $0.decode("user_id", as: UUID.self)) }
    }
}

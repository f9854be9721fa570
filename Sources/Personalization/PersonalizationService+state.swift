public import FoundationEssentials
import JobQueue
import JobQueuePostgres
public import Learners

extension PersonalizationService {
    /// How a learner's operation stands.
    /// - Throws: ``PersonalizationError`` with `unknownOperation`, also for another learner's.
    public func operation(_ id: UUID, of userID: LearnerID) async throws -> PersonalizationOperation {
        try await self.operation(try await self.filed(id, of: userID))
    }

    /// Who asked under an operation; `nil` for an unknown one.
    public func owner(of id: UUID) async throws -> LearnerID? {
        try await self.store.operation(id, of: nil)?.key.userID
    }

    /// An operation of this learner as it was filed.
    /// - Throws: ``PersonalizationError`` with `unknownOperation`, also for another learner's.
    private func filed(
        _ id: UUID, of userID: LearnerID
    ) async throws -> PersonalizedLessonStore.FiledOperation {
        guard let filed = try await self.store.operation(id, of: userID) else {
            throw PersonalizationError(.unknownOperation, "There is no such operation.")
        }
        return filed
    }

    private func operation(_ filed: PersonalizedLessonStore.FiledOperation) async throws -> PersonalizationOperation {
        var operation = PersonalizationOperation(
            id: filed.id, lessonSlug: filed.key.lessonSlug, state: .cancelled, createdAt: filed.createdAt)
        guard let row = try await self.store.row(filed.key), row.operationID == filed.id,
            let settled = try await self.resolved(row)
        else { return operation }
        switch settled.state {
        case .ready: operation.state = .succeeded
        case .failed(let failure):
            operation.state = .failed
            operation.failure = failure
        case .pending: try await self.estimate(&operation, jobID: settled.jobID)
        }
        return operation
    }

    /// How far an operation came, with the sections that are written.
    /// - Parameters:
    ///   - userID: must be the owner's.
    ///   - known: ordinals of sections that the caller has.
    /// - Throws: ``PersonalizationError`` with `unknownOperation`, also for another learner's.
    public func progress(
        _ id: UUID, of userID: LearnerID, without known: Set<Int> = []
    ) async throws -> OperationProgress {
        try await self.look(at: id, of: userID, without: known).progress
    }

    /// How an operation stands and how far it came, by one look at it: both say the same state.
    ///
    /// Parameters and errors are those of ``progress(_:of:without:)``.
    public func look(
        at id: UUID, of userID: LearnerID, without known: Set<Int> = []
    ) async throws -> (operation: PersonalizationOperation, progress: OperationProgress) {
        let filed = try await self.filed(id, of: userID)
        // The state first: what it calls finished has all its sections there.
        let operation = try await self.operation(filed)
        var progress = OperationProgress(state: operation.state, failure: operation.failure)
        guard operation.state != .cancelled, let run = try await self.generations.progress(of: filed.jobID) else {
            return (operation, progress)
        }
        progress.total = run.sections
        progress.finished = run.finished
        if !run.finished.isSubset(of: known) {
            progress.sections = try await self.generations.sections(of: filed.jobID, without: known)
            progress.finished.formUnion(progress.sections.map(\.ordinal))
        }
        return (operation, progress)
    }

    /// Withdraws a learner's operation: its row goes, and its job is stopped unless somebody joined it meanwhile.
    /// - Returns: false when it had ended before.
    /// - Throws: ``PersonalizationError`` with `unknownOperation`, also for another learner's.
    public func cancel(_ id: UUID, of userID: LearnerID) async throws -> Bool {
        let filed = try await self.filed(id, of: userID)
        guard let row = try await self.store.row(filed.key), row.operationID == id, row.state == .pending else {
            return false
        }
        try await self.store.withdraw(filed.key, operationID: id)
        return try await self.inspector.leave(row.jobID, waiter: Self.waiterName(id)) != .unknown
    }

    /// A row as it stands. A pending row whose job is over is a failure that nobody could write down: the job died
    /// with its worker, or ended before the row was filed.
    /// - Returns: `nil` when the row went meanwhile.
    func resolved(_ row: PersonalizedLesson) async throws -> PersonalizedLesson? {
        guard row.state == .pending else { return row }
        let snapshot = try await self.inspector.snapshot(of: row.jobID)
        if let snapshot, !snapshot.isFinal { return row }
        // The job's end and its row are written together, so a second look after the end is decisive.
        guard var settled = try await self.store.row(row.key) else { return nil }
        guard settled.state == .pending, settled.jobID == row.jobID else { return settled }
        let failure =
            switch snapshot?.state {
            case .dead:
                PersonalizedLesson.Failure(
                    code: snapshot?.code ?? "failed",
                    message: "The lesson could not be written after several attempts.", isRetryable: true)
            case .cancelled, .superseded, .expired:
                PersonalizedLesson.Failure(
                    code: "cancelled", message: "The work was stopped.", isRetryable: true)
            case .succeeded, .ready, .scheduled, .blocked, .running, nil:
                PersonalizedLesson.Failure(
                    code: "lost", message: "The work ended without a text; ask again.", isRetryable: true)
            }
        settled.state = .failed(failure)
        return settled
    }

    func answer(_ row: PersonalizedLesson, isNew: Bool = false) async throws -> PersonalizationAnswer {
        var operation = PersonalizationOperation(
            id: row.operationID, lessonSlug: row.key.lessonSlug, state: .queued)
        switch row.state {
        case .ready(let text): return .ready(text, row.key)
        case .failed(let failure):
            operation.state = .failed
            operation.failure = failure
            return .failed(failure, operation, row.key)
        case .pending:
            try await self.estimate(&operation, jobID: row.jobID)
            return .pending(operation, row.key, isNew: isNew)
        }
    }

    /// Fills in where the job stands and how long it will take.
    private func estimate(_ operation: inout PersonalizationOperation, jobID: JobID) async throws {
        guard let snapshot = try await self.inspector.snapshot(of: jobID) else { return }
        let pace = try await self.paces.pace(of: snapshot.queue, from: self.inspector)
        // While nobody serves the queue, the best guess is that somebody soon will.
        operation.eta = JobEstimate(of: snapshot, at: pace)?.end?.expected ?? pace.meanRun
        switch snapshot.state {
        case .running, .succeeded:
            operation.state = .running
        case .ready, .scheduled, .blocked, .cancelled, .superseded, .expired, .dead:
            operation.state = .queued
            operation.position = snapshot.position
        }
    }
}

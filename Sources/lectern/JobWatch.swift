import JobQueue
import JobQueuePostgres
import Postgres

/// Waits for jobs on behalf of somebody at a terminal or in CI.
struct JobWatch {
    let inspector: JobInspector

    init(database: PostgresClient) {
        self.inspector = JobInspector(database: database)
    }

    /// Returns the finished job, or throws what its end means for an exit code.
    func wait(for id: JobID, timeout: Duration) async throws -> JobSnapshot {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while true {
            guard let job = try await self.inspector.snapshot(of: id) else {
                throw CommandFailure(.notFound, "there is no job \(id)")
            }
            switch job.state {
            case .succeeded: return job
            case .cancelled, .superseded, .expired:
                throw CommandFailure(.cancelled, "job \(id) was \(job.state.rawValue)")
            case .dead:
                let guards = ["no_lessons", "too_many_deletes", "plan_changed"]
                let code: ExitStatus = guards.contains(job.code ?? "") ? .guarded : .permanent
                throw CommandFailure(code, "job \(id) failed: \(job.code ?? "")\n\(job.message ?? "")")
            case .ready, .scheduled, .blocked, .running: break
            }
            guard clock.now < deadline else {
                throw CommandFailure(
                    .timedOut, "job \(id) is still \(job.state.rawValue) after \(timeout); it goes on by itself")
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }
}

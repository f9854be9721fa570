import JobQueue
import JobQueuePostgres
import Postgres

/// Performs the jobs of one kind and writes each run's beginning and end into the journal.
struct CrashHandler<Arguments: CrashJob>: JobHandler {
    typealias Transaction = JobTransaction

    let name: String
    let journal: Journal
    let memory: Memory

    func perform(_ arguments: Arguments, context: JobContext) async throws -> JobOutcome<JobTransaction> {
        self.journal.write("begin", job: context.jobID, attempt: context.attempt)
        do {
            try await arguments.work(context, memory: self.memory)
        } catch {
            self.journal.write(
                error is CancellationError ? "stopped" : "failed", job: context.jobID, attempt: context.attempt)
            throw error
        }
        self.journal.write("worked", job: context.jobID, attempt: context.attempt)
        guard arguments.hasEffect else { return JobOutcome() }
        return JobOutcome { transaction in
            let child = arguments.hasChild ? try await transaction.ask(for: PlainCrash(number: 0)).id.rawValue : nil
            _ = try await transaction.execute(
                """
                INSERT INTO crash.effect (job_id, kind, attempt, worker, child)
                VALUES (\(context.jobID.rawValue), \(context.kind), \(context.attempt), \(self.name), \(child))
                """)
        }
    }
}

extension JobTransaction {
    /// Enqueues jobs and writes down that they were asked for: both or neither.
    func ask<Arguments: CrashJob>(
        forAll jobs: [Arguments], options: EnqueueOptions = EnqueueOptions()
    ) async throws -> [EnqueuedJob] {
        let enqueued = try await self.enqueue(all: jobs, options: options)
        let delay = Int64(options.delay / .milliseconds(1))
        _ = try await self.execute(
            """
            INSERT INTO crash.asked (job_id, kind, is_new, delay_ms)
            SELECT job_id, \(Arguments.definition.kind)::text, is_new, \(delay)::int8
            FROM unnest(\(enqueued.map(\.id.rawValue))::int8[], \(enqueued.map(\.isNew))::bool[]) AS a (job_id, is_new)
            """)
        return enqueued
    }

    func ask<Arguments: CrashJob>(for job: Arguments) async throws -> EnqueuedJob {
        try await self.ask(forAll: [job])[0]
    }
}

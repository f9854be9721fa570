import Foundation
import JobQueue
import JobQueuePostgres
import Postgres

extension QueueFixture {
    @discardableResult
    func enqueue(
        _ name: String, key: String? = nil, _ configure: (inout EnqueueOptions) -> Void = { _ in }
    ) async throws -> EnqueuedJob {
        var options = EnqueueOptions()
        configure(&options)
        return try await self.queue.enqueue(Probe(name: name, key: key), options: options)
    }

    func state(of id: JobID) async throws -> JobSnapshot.State? {
        try await self.inspector.snapshot(of: id)?.state
    }

    /// True when the run was ended by this call.
    @discardableResult
    func end(_ job: ClaimedJob, _ action: JobEnding.Action = .succeed(result: nil)) async throws -> Bool {
        try await self.store.end([JobEnding(job: job, action: action, code: "c", message: "m")])
            .accepted.contains(job.lease.jobID)
    }

    /// Claims one job and ends it.
    @discardableResult
    func run(_ action: JobEnding.Action = .succeed(result: nil), worker: WorkerID) async throws -> JobID? {
        guard let job = try await self.claim(1, worker: worker).first else { return nil }
        try await self.end(job, action)
        return job.lease.jobID
    }

    /// Runs everything that is runnable, and what becomes so by that.
    func runAll(worker: WorkerID) async throws {
        while try await self.run(worker: worker) != nil {}
    }

    func int(_ sql: SQL) async throws -> Int {
        try await self.database.queryOne(sql)?.decode(0) ?? -1
    }

    func sweepWaiters(_ limit: Int32 = 100) async throws -> Int {
        try await self.int("SELECT lectern.sweep_waiters(\(limit))")
    }

    func sweepExpired(_ limit: Int32 = 100) async throws -> Int {
        try await self.int("SELECT lectern.sweep_expired(\(limit))")
    }
}

extension ClaimedJob {
    var probe: Probe {
        get throws { try JSONDecoder().decode(Probe.self, from: Data(self.arguments.utf8)) }
    }
}

extension Array<ClaimedJob> {
    var names: [String] {
        get throws { try self.map { try $0.probe.name } }
    }
}

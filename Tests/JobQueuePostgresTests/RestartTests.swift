import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Schema
import Synchronization
import Testing

/// The ids whose enqueue was answered.
private final class AcceptedJobs: Sendable {
    private let ids = Mutex<Set<JobID>>([])
    var all: Set<JobID> { self.ids.withLock { $0 } }
    func add(_ id: JobID) { self.ids.withLock { _ = $0.insert(id) } }
}

@Suite struct RestartTests {
    @Test func everyAcceptedJobEndsOnceWhenTheServerIsRestartedUnderLoad() async throws {
        try await withCluster { cluster in
            let fixture = QueueFixture(url: cluster.url())
            try await Migrator(
                database: fixture.database, migrations: try Migration.bundled(), logger: QueueFixture.logger
            ).up()
            let accepted = AcceptedJobs()
            try await fixture.withWorker(slots: 8, perform: { _, _ in JobOutcome(result: "{}") }) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            var count = 0
                            while count < 150 {
                                // A refusal is no acceptance; whoever wants the job asks again.
                                if let job = try? await fixture.queue.enqueue(Probe(name: "\(count)")) {
                                    accepted.add(job.id)
                                    count += 1
                                }
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<2 {
                            let before = accepted.all.count
                            try await Deadline.poll("some load") { accepted.all.count > before + 50 }
                            try await cluster.stopImmediately()
                            try await cluster.start()
                        }
                    }
                    try await group.waitForAll()
                }
                try await Deadline.poll("every accepted job to end", within: .seconds(60)) {
                    let row = try? await fixture.database.queryOne(
                        """
                        SELECT (SELECT count(*) FROM lectern.ready) + (SELECT count(*) FROM lectern.lease)
                             + (SELECT count(*) FROM lectern.scheduled) AS open
                        """)
                    return try row?.decode("open", as: Int.self) == 0
                }
            }
            let done = try await fixture.database.query("SELECT job_id FROM lectern.done").map {
                JobID(rawValue: try $0.decode("job_id"))
            }
            #expect(Set(done).count == done.count)
            #expect(accepted.all.subtracting(done).isEmpty)
            #expect(try await fixture.isConsistent())
            await fixture.database.close()
        }
    }
}

import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

/// Whoever listens hears of work that is committed, and soon.
@Suite struct WakeUpTests {
    /// Calls `body` while somebody listens; `heard` holds what was heard since.
    private static func listening(
        _ body: @escaping @Sendable (QueueFixture, _ heard: Heard) async throws -> Void
    ) async throws {
        try await withQueue { fixture in
            let listener = PostgresListener(
                url: fixture.url, channels: [PostgresJobStore.wakeUpChannel], logger: QueueFixture.logger)
            let heard = Heard()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await listener.run() }
                group.addTask {
                    for await event in listener.events { heard.note(event) }
                }
                try await Deadline.poll("the listener to listen") { heard.isConnected }
                try await body(fixture, heard)
                group.cancelAll()
            }
        }
    }

    private final class Heard: Sendable {
        private let state = Mutex<(isConnected: Bool, queues: [String])>((false, []))
        var isConnected: Bool { self.state.withLock { $0.isConnected } }
        var queues: [String] { self.state.withLock { $0.queues } }

        func note(_ event: PostgresListener.Event) {
            self.state.withLock { state in
                switch event {
                case .connected: state.isConnected = true
                case .notification(_, let queue): state.queues.append(queue)
                case .disconnected: break
                }
            }
        }
    }

    @Test func oneJobWakesTheWorkersOfItsQueue() async throws {
        try await Self.listening { fixture, heard in
            _ = try await fixture.queue.enqueue(Probe(name: "a"))
            try await Deadline.poll("the wake-up") { heard.queues == ["probes"] }
        }
    }

    @Test func theLastOfManyIsFollowedByAWakeUpAndNotEachHasItsOwn() async throws {
        try await Self.listening { fixture, heard in
            for number in 0..<200 { _ = try await fixture.queue.enqueue(Probe(name: "\(number)")) }
            // A worker that looked after the last wake-up must have found the last job.
            let before = heard.queues.count
            #expect(before < 200)
            _ = try await fixture.queue.enqueue(Probe(name: "last"))
            try await Deadline.poll("a wake-up after the last") { heard.queues.count > before }
        }
    }

    @Test func theEndOfAJobWakesTheQueueOfTheOneThatNeededIt() async throws {
        try await Self.listening { fixture, heard in
            let worker = try await fixture.register()
            let first = try await fixture.enqueue("first").id
            _ = try await fixture.enqueue("second") { $0.after = [first] }
            try await Deadline.poll("the wake-up for the first") { heard.queues.count >= 1 }
            // In the name of another process, which would be the only one to know.
            let before = heard.queues.count
            let other = QueueFixture(url: fixture.url)
            let run = try #require(try await other.claim(worker: worker).first)
            try await other.end(run)
            try await Deadline.poll("a wake-up for the second") { heard.queues.count > before }
            await other.database.close()
        }
    }

    @Test func theLastEndOfABatchWakesTheQueueOfItsCompletion() async throws {
        try await Self.listening { fixture, heard in
            let worker = try await fixture.register()
            let batches = JobBatches(database: fixture.database, queue: fixture.queue)
            let batch = try await batches.open("b", completion: Probe(name: "done"))
            try await fixture.enqueue("member") { $0.batch = batch }
            try await batches.seal(batch)
            try await Deadline.poll("the wake-up for the member") { heard.queues.count >= 1 }
            let before = heard.queues.count
            let other = QueueFixture(url: fixture.url)
            let run = try #require(try await other.claim(worker: worker).first)
            try await other.end(run)
            try await Deadline.poll("a wake-up for the completion") { heard.queues.count > before }
            await other.database.close()
        }
    }

    @Test func anEnqueueThatFailsLeavesNobodyUnwoken() async throws {
        try await Self.listening { fixture, heard in
            // The turn to wake goes to the first, which fails; the second came in its shadow.
            try await fixture.database.execute(
                "ALTER TABLE lectern.ready ADD CONSTRAINT no_x CHECK (job_id < 0) NOT VALID")
            await #expect(throws: PostgresError.self) {
                try await fixture.queue.enqueue(Probe(name: "refused"))
            }
            try await Deadline.poll("a wake-up all the same") { !heard.queues.isEmpty }
            #expect(try await fixture.count("lectern.job") == 0)
        }
    }
}

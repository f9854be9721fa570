import JobQueue
import JobQueuePostgres
import Postgres
import PostgresTesting
import Synchronization
import Testing

@Suite struct WorkerControlTests {
    @Test func aQuietWorkerClaimsNothingAndStaysUntilItIsWanted() async throws {
        try await withQueue { fixture in
            let workers = WorkerControl(database: fixture.database)
            try await fixture.withWorker(perform: { _, _ in JobOutcome() }) {
                let worker = try await Self.only(workers)
                #expect(try await workers.wish(.quiet, of: worker.id))
                #expect(try await workers.list().map(\.wish) == [.quiet])
                try await Self.heartbeats(2, fixture)
                _ = try await fixture.queue.enqueue(all: (0..<5).map { Probe(name: "\($0)") })
                try await Self.heartbeats(5, fixture)
                #expect(try await fixture.count("lectern.ready") == 5)
                #expect(try await workers.wish(nil, of: worker.id))
                try await Deadline.poll("the jobs to be done") { try await fixture.count("lectern.done") == 5 }
            }
        }
    }

    @Test func aWorkerToldToStopFinishesWhatItRunsAndLeaves() async throws {
        try await withQueue { fixture in
            let workers = WorkerControl(database: fixture.database)
            let started = AsyncStream<Void>.makeStream()
            let mayEnd = Atomic(false)
            var registry = JobRegistry<JobTransaction>()
            registry.register(
                ProbeHandler { _, _ in
                    started.continuation.yield()
                    while !mayEnd.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
                    return JobOutcome()
                })
            var configuration = WorkerConfiguration(name: "test", concurrency: ["probes": 1])
            configuration.heartbeatInterval = .milliseconds(50)
            let worker = Worker(
                store: fixture.store, registry: registry, configuration: configuration, logger: QueueFixture.logger)
            let ids = try await fixture.queue.enqueue(all: [Probe(name: "runs"), Probe(name: "waits")]).map(\.id)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                for await _ in started.stream { break }
                #expect(try await workers.wish(.stop, of: try await Self.only(workers).id))
                try await Deadline.poll("the worker to drain") { try await workers.list().first?.isDraining == true }
                #expect(try await fixture.inspector.snapshot(of: ids[0])?.state == .running)
                mayEnd.store(true, ordering: .relaxed)
                // The process leaves by itself: nobody cancels it.
                try await Deadline.poll("the worker to leave") { try await workers.list().isEmpty }
                try await group.waitForAll()
            }
            #expect(try await fixture.inspector.snapshot(of: ids[0])?.state == .succeeded)
            #expect(try await fixture.inspector.snapshot(of: ids[1])?.state == .ready)
            #expect(try await workers.wish(.stop, of: WorkerID(rawValue: 1 << 40)) == false)
        }
    }

    @Test func slotsAreTakenOverWithoutARestart() async throws {
        try await withQueue { fixture in
            let running = Atomic(0)
            let most = Atomic(0)
            let mayEnd = Atomic(false)
            try await fixture.withWorker(
                slots: 1,
                perform: { _, _ in
                    most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                    while !mayEnd.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
                    running.subtract(1, ordering: .relaxed)
                    return JobOutcome()
                }
            ) {
                _ = try await fixture.queue.enqueue(all: (0..<12).map { Probe(name: "\($0)") })
                try await Deadline.poll("the first to run") { running.load(ordering: .relaxed) == 1 }
                var change = QueueNumberChange()
                change.slots = .to(4)
                try await fixture.control.set(change, ofQueue: "probes")
                try await Deadline.poll("four to run") { running.load(ordering: .relaxed) == 4 }
                mayEnd.store(true, ordering: .relaxed)
                try await Deadline.poll("all to be done") { try await fixture.count("lectern.done") == 12 }
            }
            #expect(most.load(ordering: .relaxed) == 4)
        }
    }

    private static func only(_ workers: WorkerControl) async throws -> WorkerEntry {
        try await Deadline.poll("the worker to register") { try await workers.list().count == 1 }
        return try #require(try await workers.list().first)
    }

    /// Waits until the workers were heard so many times more.
    private static func heartbeats(_ count: Int, _ fixture: QueueFixture) async throws {
        for _ in 0..<count {
            let last = try await Self.heard(fixture)
            try await Deadline.poll("a heartbeat") { try await Self.heard(fixture) != last }
        }
    }

    private static func heard(_ fixture: QueueFixture) async throws -> String? {
        try await fixture.database.queryOne("SELECT max(seen_at)::text AS at FROM lectern.worker")?.decode("at")
    }
}

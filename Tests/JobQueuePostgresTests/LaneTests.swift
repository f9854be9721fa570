import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct LaneTests {
    private static func claim(
        _ limit: Int, aged: Int = 0, _ fixture: QueueFixture, worker: WorkerID
    ) async throws -> [ClaimedJob] {
        try await fixture.store.claim(ClaimRequest(queue: "probes", limit: limit, worker: worker, aged: aged))
    }

    /// Stores jobs in a lane that have waited for so many minutes.
    private static func store(
        _ count: Int, _ lane: Lane, minutes: Int64 = 0, in fixture: QueueFixture
    ) async throws {
        let ids = try await fixture.queue.enqueue(
            all: (0..<count).map { Probe(name: "\(lane) \($0)") }, options: EnqueueOptions(lane: lane)
        ).map(\.id.rawValue)
        try await fixture.database.execute(
            "UPDATE lectern.job SET tag = id - (\(minutes) * 60000 << 20) WHERE id = ANY (\(ids))")
        try await fixture.database.execute(
            "UPDATE lectern.ready SET tag = tag - (\(minutes) * 60000 << 20) WHERE job_id = ANY (\(ids))")
    }

    @Test func whatWaitedTooLongInALowerLaneGetsItsShare() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(20, .interactive, in: fixture)
            try await Self.store(5, .standard, minutes: 2, in: fixture)
            try await Self.store(5, .bulk, minutes: 11, in: fixture)
            let lanes = try await Self.claim(8, aged: 1, fixture, worker: worker).map(\.lane)
            #expect(lanes.filter { $0 == .interactive }.count == 6)
            #expect(lanes.filter { $0 == .standard }.count == 1)
            #expect(lanes.filter { $0 == .bulk }.count == 1)
            // Without a share nothing of them is served while the first lane has work.
            #expect(try await Self.claim(8, fixture, worker: worker).allSatisfy { $0.lane == .interactive })
        }
    }

    @Test func aLowerLaneHasNoShareBeforeItsTime() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(10, .interactive, in: fixture)
            try await Self.store(5, .bulk, minutes: 9, in: fixture)
            #expect(try await Self.claim(8, aged: 2, fixture, worker: worker).allSatisfy { $0.lane == .interactive })
            // The operator shortens the wait of the bulk lane.
            try await fixture.database.execute(
                "INSERT INTO lectern.queue_control (queue, ageing_ms) VALUES ('probes', '{60000,480000}')")
            #expect(try await Self.claim(2, aged: 1, fixture, worker: worker).map(\.lane) == [.interactive, .bulk])
        }
    }

    @Test func aClaimIsFullAlsoWhenEverythingIsOverdue() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(30, .bulk, minutes: 30, in: fixture)
            for _ in 0..<3 {
                let jobs = try await Self.claim(10, aged: 4, fixture, worker: worker)
                #expect(Set(jobs.map(\.lease.jobID)).count == 10)
            }
            #expect(try await Self.claim(10, aged: 4, fixture, worker: worker).isEmpty)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func priorityIsAgeThatAJobStartsWith() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            try await Self.store(1, .standard, minutes: 3, in: fixture)
            try await fixture.enqueue("plain")
            try await fixture.enqueue("urgent") { $0.priority = 2 }
            try await fixture.enqueue("most urgent") { $0.priority = 5 }
            try await fixture.enqueue("patient") { $0.priority = -1 }
            let names = try await fixture.claim(worker: worker).names
            #expect(names == ["most urgent", "standard 0", "urgent", "plain", "patient"])
        }
    }

    @Test func aJobWithPriorityIsFoundWhereverItStands() async throws {
        try await withQueue { fixture in
            let id = try await fixture.enqueue("a") { $0.priority = 5 }.id
            #expect(try await fixture.state(of: id) == .ready)
            #expect(try await fixture.inspector.cancel(id) == .cancelled)
            #expect(try await fixture.count("lectern.ready") == 0)
        }
    }
}

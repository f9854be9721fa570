import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct WaiterTests {
    @Test func aJobIsCancelledWhenItsLastWaiterLeaves() async throws {
        try await withQueue { fixture in
            let job = try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "anna") }
            let joined = try await fixture.enqueue("b", key: "k") { $0.waiter = .init(name: "bert") }
            #expect(joined == EnqueuedJob(id: job.id, outcome: .joined))
            #expect(try await fixture.inspector.leave(job.id, waiter: "anna") == .left)
            #expect(try await fixture.inspector.leave(job.id, waiter: "anna") == .unknown)
            #expect(try await fixture.state(of: job.id) == .ready)
            #expect(try await fixture.inspector.leave(job.id, waiter: "bert") == .cancelled)
            #expect(try await fixture.state(of: job.id) == .cancelled)
            #expect(try await fixture.enqueue("c", key: "k").isNew)
            #expect(try await fixture.count("lectern.waiter") == 0)
        }
    }

    @Test func whoeverJoinsWithoutAWaiterKeepsTheJobGoing() async throws {
        try await withQueue { fixture in
            let job = try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "anna") }
            #expect(try await fixture.enqueue("b", key: "k").outcome == .joined)
            #expect(try await fixture.inspector.leave(job.id, waiter: "anna") == .left)
            // Nor does anybody leave in the name of those who gave none.
            #expect(try await fixture.inspector.leave(job.id, waiter: "") == .unknown)
            #expect(try await fixture.sweepWaiters() == 0)
            #expect(try await fixture.state(of: job.id) == .ready)
        }
    }

    @Test func aJobThatWasStoredWithoutAWaiterOutlivesThoseWhoJoinedIt() async throws {
        try await withQueue { fixture in
            let job = try await fixture.enqueue("a", key: "k")
            #expect(try await fixture.enqueue("b", key: "k") { $0.waiter = .init(name: "anna") }.outcome == .joined)
            #expect(try await fixture.inspector.leave(job.id, waiter: "anna") == .unknown)
            #expect(try await fixture.state(of: job.id) == .ready)
        }
    }

    @Test func aRunIsStoppedWhenItsLastWaiterLeavesAndTheNextOneGetsANewJob() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let job = try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "anna") }
            let run = try #require(try await fixture.claim(worker: worker).first)
            #expect(try await fixture.inspector.leave(job.id, waiter: "anna") == .requested)
            #expect(try await fixture.store.stopWishes(for: worker) == [job.id])
            let next = try await fixture.enqueue("b", key: "k") { $0.waiter = .init(name: "bert") }
            #expect(next.isNew && next.id != job.id)
            // The end of the old run takes nothing from the new job.
            #expect(try await fixture.end(run, .retry(after: .zero)))
            #expect(try await fixture.state(of: job.id) == .cancelled)
            #expect(try await fixture.enqueue("c", key: "k").id == next.id)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func joiningMovesTheJobToTheMoreUrgentLaneWhereverItStands() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let running = try await fixture.enqueue("running", key: "run") { $0.lane = .bulk }.id
            let run = try #require(try await fixture.claim(worker: worker).first)
            let ready = try await fixture.enqueue("ready", key: "rea") { $0.lane = .bulk }.id
            let scheduled = try await fixture.enqueue("scheduled", key: "sch") {
                $0.lane = .bulk
                $0.delay = .seconds(3_600)
            }.id
            let blocked = try await fixture.enqueue("blocked", key: "blo") {
                $0.lane = .bulk
                $0.after = [ready]
            }.id
            for (key, lane) in [("run", Lane.standard), ("rea", .standard), ("sch", .standard), ("blo", .standard)] {
                #expect(try await fixture.enqueue("joins", key: key) { $0.lane = lane }.outcome == .joined)
                #expect(try await fixture.enqueue("joins", key: key) { $0.lane = .interactive }.outcome == .joined)
                // Somebody less urgent changes nothing.
                #expect(try await fixture.enqueue("joins", key: key) { $0.lane = .bulk }.outcome == .joined)
            }
            #expect(try await fixture.int("SELECT lane FROM lectern.ready WHERE job_id = \(ready.rawValue)") == 0)
            #expect(
                try await fixture.int("SELECT lane FROM lectern.scheduled WHERE job_id = \(scheduled.rawValue)") == 0)
            #expect(try await fixture.int("SELECT lane FROM lectern.blocked WHERE job_id = \(blocked.rawValue)") == 0)
            // A run comes back into the lane of whoever is the most urgent.
            #expect(try await fixture.end(run, .retry(after: .zero)))
            #expect(try await fixture.int("SELECT lane FROM lectern.ready WHERE job_id = \(running.rawValue)") == 0)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aWaiterWhoseTimeIsOverIsTakenToHaveLeft() async throws {
        try await withQueue { fixture in
            let alone = try await fixture.enqueue("alone", key: "a") { $0.waiter = .init(name: "anna") }.id
            let shared = try await fixture.enqueue("shared", key: "s") { $0.waiter = .init(name: "anna") }.id
            try await fixture.enqueue("shared", key: "s") { $0.waiter = .init(name: "bert") }
            #expect(try await fixture.sweepWaiters() == 0)
            try await fixture.database.execute(
                "UPDATE lectern.waiter SET expires_at = now() - interval '1 second' WHERE waiter = 'anna'")
            #expect(try await fixture.sweepWaiters(1) == 1)
            #expect(try await fixture.sweepWaiters() == 1)
            #expect(try await fixture.state(of: alone) == .cancelled)
            #expect(try await fixture.state(of: shared) == .ready)
        }
    }

    @Test func aWaiterWhoseTimeIsOverKeepsNoJobAlive() async throws {
        try await withQueue { fixture in
            let job = try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "anna") }.id
            try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "bert") }
            try await fixture.database.execute(
                "UPDATE lectern.waiter SET expires_at = now() - interval '1 second' WHERE waiter = 'anna'")
            #expect(try await fixture.inspector.leave(job, waiter: "bert") == .cancelled)
        }
    }

    @Test func whoeverAsksAgainProlongsTheWait() async throws {
        try await withQueue { fixture in
            let job = try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "anna") }.id
            try await fixture.database.execute("UPDATE lectern.waiter SET expires_at = now() - interval '1 second'")
            #expect(try await fixture.enqueue("a", key: "k") { $0.waiter = .init(name: "anna") }.id == job)
            #expect(try await fixture.sweepWaiters() == 0)
            #expect(try await fixture.state(of: job) == .ready)
        }
    }
}

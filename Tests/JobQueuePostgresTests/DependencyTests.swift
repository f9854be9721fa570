import JobQueue
import JobQueuePostgres
import Postgres
import Testing

@Suite struct DependencyTests {
    @Test func aDiamondRunsFromTopToBottom() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let top = try await fixture.enqueue("top").id
            let left = try await fixture.enqueue("left") { $0.after = [top] }.id
            let right = try await fixture.enqueue("right") { $0.after = [top] }.id
            let bottom = try await fixture.enqueue("bottom") { $0.after = [left, right, top] }.id
            #expect(try await fixture.inspector.snapshot(of: bottom)?.gate == "needs:\(bottom)")
            #expect(try await fixture.run(worker: worker) == top)
            #expect(try await fixture.state(of: bottom) == .blocked)
            #expect(try await fixture.run(worker: worker) == left)
            #expect(try await fixture.state(of: bottom) == .blocked)
            #expect(try await fixture.run(worker: worker) == right)
            #expect(try await fixture.run(worker: worker) == bottom)
            #expect(try await fixture.count("lectern.dependency") == 0)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func bothSidesOfADiamondMayEndTogether() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            for round in 0..<25 {
                let sides = try await fixture.queue.enqueue(all: [Probe(name: "left"), Probe(name: "right")]).map(\.id)
                let bottom = try await fixture.enqueue("bottom") { $0.after = sides }.id
                let runs = try await fixture.claim(worker: worker)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for run in runs { group.addTask { try await fixture.end(run) } }
                    try await group.waitForAll()
                }
                #expect(try await fixture.state(of: bottom) == .ready, "round \(round)")
                #expect(try await fixture.run(worker: worker) == bottom)
            }
        }
    }

    @Test func whatIsDoneAlreadyIsNotWaitedFor() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let done = try await fixture.enqueue("done").id
            try await fixture.runAll(worker: worker)
            let live = try await fixture.enqueue("live").id
            let child = try await fixture.enqueue("child") { $0.after = [done] }.id
            let waits = try await fixture.enqueue("waits") { $0.after = [done, live] }.id
            #expect(try await fixture.state(of: child) == .ready)
            #expect(try await fixture.state(of: waits) == .blocked)
            #expect(try await fixture.run(worker: worker) == live)
            #expect(try await fixture.state(of: waits) == .ready)
        }
    }

    @Test func whoeverNeedsADeadJobWaitsUntilItIsRedriven() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let letters = DeadLetters(database: fixture.database, queue: fixture.queue)
            let parent = try await fixture.enqueue("parent").id
            let before = try await fixture.enqueue("before") { $0.after = [parent] }.id
            try await fixture.run(.discard, worker: worker)
            let after = try await fixture.enqueue("after") { $0.after = [parent] }.id
            #expect(try await fixture.state(of: before) == .blocked)
            #expect(try await fixture.state(of: after) == .blocked)
            #expect(try await letters.redrive(parent, actor: "test") == .redriven)
            #expect(try await fixture.run(worker: worker) == parent)
            #expect(try await fixture.state(of: before) == .ready)
            #expect(try await fixture.state(of: after) == .ready)
        }
    }

    @Test func whoeverNeedsACancelledJobIsCancelledWithItAndSoOn() async throws {
        try await withQueue { fixture in
            let parent = try await fixture.enqueue("parent").id
            let other = try await fixture.enqueue("other").id
            let child = try await fixture.enqueue("child", key: "k") { $0.after = [parent, other] }.id
            let grandchild = try await fixture.enqueue("grandchild") { $0.after = [child] }.id
            #expect(try await fixture.inspector.cancel(parent) == .cancelled)
            #expect(try await fixture.state(of: child) == .cancelled)
            #expect(try await fixture.state(of: grandchild) == .cancelled)
            #expect(try await fixture.inspector.snapshot(of: child)?.code == "dependency_cancelled")
            #expect(try await fixture.state(of: other) == .ready)
            #expect(try await fixture.count("lectern.dependency") == 0)
            #expect(try await fixture.enqueue("again", key: "k").isNew)
            let error = await #expect(throws: EnqueueError.self) {
                try await fixture.enqueue("late") { $0.after = [parent] }
            }
            #expect(error?.code == .neededJobGone)
            #expect(try await fixture.isConsistent())
        }
    }

    @Test func aDiscardedDeadJobTakesItsDependentsWithIt() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let parent = try await fixture.enqueue("parent").id
            let child = try await fixture.enqueue("child") { $0.after = [parent] }.id
            try await fixture.run(.discard, worker: worker)
            let letters = DeadLetters(database: fixture.database, queue: fixture.queue)
            #expect(try await letters.discard(parent, reason: "of no use", actor: "test"))
            #expect(try await fixture.state(of: child) == .cancelled)
        }
    }

    @Test func aDelayCountsAlsoForWhatWaitsForOthers() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let parent = try await fixture.enqueue("parent").id
            let child = try await fixture.enqueue("child") {
                $0.after = [parent]
                $0.delay = .seconds(3_600)
            }.id
            #expect(try await fixture.run(worker: worker) == parent)
            let snapshot = try await fixture.inspector.snapshot(of: child)
            #expect(snapshot?.state == .scheduled)
            #expect(snapshot?.runsIn.map { $0 > .seconds(3_500) } == true)
        }
    }

    @Test func aJobMayNeedAnotherOneOfTheSameTransaction() async throws {
        try await withQueue { fixture in
            let worker = try await fixture.register()
            let (first, second) = try await fixture.queue.withTransaction { transaction in
                let first = try await transaction.enqueue(Probe(name: "first")).id
                var options = EnqueueOptions()
                options.after = [first]
                return (first, try await transaction.enqueue(Probe(name: "second"), options: options).id)
            }
            #expect(try await fixture.run(worker: worker) == first)
            #expect(try await fixture.run(worker: worker) == second)
        }
    }
}
